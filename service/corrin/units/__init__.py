"""From the spelling of a unit to an exact factor.

A spelling is normalised by our own alias table, checked against the whitelist of its analyte and
converted by a factor that is an exact rational. The table of factors is derived once from UCUM,
molar masses and charges (``derive``), committed, and only looked up when a case is read.
"""
