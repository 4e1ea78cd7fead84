"""Whole exports read again: files of laboratory results in, a dataset of answers out.

The way of a row::

    sources ──► rows ──► partitions by person ──► judge ──► tables ──► sinks
    every       one       Arrow files on disk,     the same    reports,   Parquet,
    format      schema    or Spark's shuffle       meaning     notes …    NDJSON, CSV, FHIR
                                                   as online

Every row that is read ends as exactly one of ``used``, ``superseded``, ``not_ours``, ``refused``.
"""
