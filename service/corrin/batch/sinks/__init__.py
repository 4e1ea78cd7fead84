"""Sinks: the tables of an answer → files."""
