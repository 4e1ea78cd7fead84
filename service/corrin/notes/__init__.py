"""From outcomes to a report a clinician reads: ordered, worded, with its basis.

Every sentence comes from the rules; this room fills in values as they were reported, puts the
urgent first, and attaches to each note its rule, thresholds, sources, limits and what was
missing. The same facts give the same bytes.
"""
