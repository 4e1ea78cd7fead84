"""What the rules of a profile say about one case.

Rules fire, stay silent, or cannot say and name what is missing. Decisions give one status, or
the set of possible ones when a value is only partly known; restrictions then withdraw what does
not hold for this person. The trace keeps the leaves that decided, and ``settle`` works out which
result would settle what is open.
"""
