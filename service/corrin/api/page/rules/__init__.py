"""The content for people to browse: packs, rules, cut-offs, evidence, alert rates, coverage."""
