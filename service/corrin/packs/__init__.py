"""Guidelines as versioned, dated content: read, checked, fingerprinted.

A pack is a folder of YAML under ``rules/packs``: head, thresholds, definitions, decisions,
restrictions and rules, each with its evidence and worked cases. This room reads it into typed
models, finds every fault at once with file and line, and says which version is in force.
"""
