"""Engines: what reads chunks, brings each person's rows together, and calls the judge."""
