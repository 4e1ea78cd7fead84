"""A report in the form somebody asked for: JSON, text, HTML.

All forms say the same. Nothing is decided or reworded here: a rendering knows the report and not
how it came about.
"""
