"""The rule book: everything a profile may say, for a laboratory director to validate and sign.

``collect`` gathers a profile's packs into plain parts: every rule in prose, cut-offs with dates and
sources, evidence with how well it was checked, examples with the results they gave just now.
``html`` writes them as one printable page.
"""
