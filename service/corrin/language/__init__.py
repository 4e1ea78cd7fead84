"""The words rules are written in: a small subset of CQL.

Text becomes a tree of frozen dataclasses (``grammar``, ``tree``), the tree is checked for names,
types and dimensions, and several readers turn the one tree into something useful: closures for
one case, prose for people. Meaning is Kleene's three-valued logic over intervals.
"""
