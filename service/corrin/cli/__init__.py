"""The command ``corrin``: interpret, units, rules.

Commands read files and arguments, call the rooms and choose an exit code. An error on standard
error names what, where, why and what to do, and nothing about a patient beyond the place in the
input.
"""
