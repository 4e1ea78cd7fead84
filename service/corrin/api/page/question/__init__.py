"""What a reader asks of an answer: why, what if, and what another guideline says."""
