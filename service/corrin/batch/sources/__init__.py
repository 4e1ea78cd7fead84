"""Sources: every format of an export → rows."""
