"""What a person typed, pasted, dropped or picked → a submission, and what was wrong with it."""
