"""Freeze the answers of the golden cases again: ``make golden``, or ``make golden CASE=name``.

Without make: ``python -m tests.golden.regenerate [CASE ...]`` from the root of the checkout.
Every change it makes is meant to be read before it is committed: ``git diff fixtures/fhir``.
"""

from __future__ import annotations

import sys

from .cases import every_case


def main(names: list[str]) -> int:
    """Write ``expected.json`` of the named cases, or of all; tell which changed."""
    cases = every_case()
    unknown = sorted(set(names) - {case.name for case in cases})
    if unknown:
        print(f"no such case: {', '.join(unknown)}", file=sys.stderr)
        return 2
    changed = 0
    for case in cases:
        if names and case.name not in names:
            continue
        fresh = case.answer_bytes()
        if not case.answer_file.is_file() or case.answer_file.read_bytes() != fresh:
            case.answer_file.write_bytes(fresh)
            print(f"written: {case.name}")
            changed += 1
    print(f"{changed} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
