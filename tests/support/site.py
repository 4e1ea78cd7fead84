"""Site files made for tests."""

from __future__ import annotations

HEAD = """\
id: test-site
title: Test laboratory
version: 1.2.0
date: 2026-11-20
owner: A. Director
"""


def site(*sections: str) -> bytes:
    """A site file of a head and some sections."""
    return (HEAD + "\n".join(sections)).encode()


def cut_off(pack: str, name: str, value: str, key: str = "value") -> str:
    """A section that sets one cut-off."""
    return (
        f"thresholds:\n  {pack}:\n    {name}:\n      {key}: {value}\n"
        "      because: our assay\n      source: report 7\n"
    )


TOTAL_200 = cut_off("ng239", "total_b12_low", "{ng/L: 200, pmol/L: 148}")
B12_CV_5 = "imprecision:\n  total_b12: {cv: 5 %, because: control}\n"
