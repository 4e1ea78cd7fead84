"""A comparison for people: what each framework says, next to each other, and what makes it differ.

``text`` puts it on a sheet, ``html`` writes it as one self-contained page.
"""
