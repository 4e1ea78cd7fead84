"""The command ``corrin``: interpret, rules, units, analytes, schema.

Commands read files and arguments, call the rooms and choose an exit code. An error on standard
error names what, where, why and what to do, and nothing about a patient beyond the place in the
input.
"""

from __future__ import annotations

import gc
import sys

USUAL = gc.get_threshold()


def main() -> None:
    """Run the command with the arguments of the process and end with its exit code."""
    # Nearly all a start makes (modules, rules) is kept to the end: to look through it for garbage
    # again and again took a third of the start.
    gc.set_threshold(100_000, 20, 100)
    from corrin.cli.program import run

    sys.exit(run(sys.argv[1:]))
