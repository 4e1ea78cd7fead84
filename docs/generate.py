"""Write the pages that follow from code and content, or say which of them are out of date.

    python docs/generate.py            write them
    python docs/generate.py --check    compare only; exit code 1 when one differs

A page is one function below, registered with the file it writes. Each imports what it needs
itself, so that one broken room does not hide the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PAGES: dict[str, tuple[str, Callable[[], str]]] = {}
BY_MACHINE = "<!-- Written by `make docs`. Do not edit: change what it is written from. -->\n\n"


def page(name: str, says: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register the function that gives the text of ``docs/<name>``; ``says`` is its index line."""

    def register(write: Callable[[], str]) -> Callable[[], str]:
        PAGES[name] = (says, write)
        return write

    return register


def cell(text: object) -> str:
    """A value as the cell of a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell(part) for part in line)} |\n" for line in lines)


def index() -> str:
    """``docs/README.md`` with its list of generated pages brought up to date."""
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    above = text.partition("\n- [")[0].rstrip("\n")
    return (
        above
        + "\n\n"
        + "".join(f"- [{name}]({name}): {PAGES[name][0]}\n" for name in sorted(PAGES))
    )


def main(arguments: list[str]) -> int:
    """Write or compare every page; the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = []
    texts = {name: write() for name, (_, write) in PAGES.items()} | {"README.md": index()}
    for name, text in sorted(texts.items()):
        file = DOCS / name
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not arguments:
            file.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    if arguments and stale:
        print(f"out of date: {', '.join(stale)}. Run: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
