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
sys.path.insert(0, str(DOCS))  # pages that fill a module of their own
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


@page("report.schema.json", "JSON Schema of the report (`corrin interpret --format json`).")
def report_schema() -> str:
    """What ``corrin schema`` prints."""
    from corrin.render.json import schema

    return schema().decode()


KINDS = {
    "refusal": "Refusals: a value was not taken",
    "absent": "Absent: an analyte has no usable value",
    "flag": "Flags: a value was taken, with a peculiarity",
    "call": "Whole call: nothing was interpreted",
}


@page("reasons.md", "every reason for not taking, not having or flagging a value, and its remedy.")
def reasons() -> str:
    """The list of reasons, by kind."""
    from corrin import terminology

    found = sorted(terminology.load().reasons.values(), key=lambda reason: reason.code)
    text = f"{BY_MACHINE}# Reasons\n\nThe codes are stable: programs may rely on them.\n"
    for kind, title in KINDS.items():
        rows: list[tuple[object, ...]] = [
            (f"`{reason.code}`", reason.sentence, reason.remedy)
            for reason in found
            if kind in reason.kinds
        ]
        text += f"\n## {title}\n\n{table(('code', 'says', 'what to do'), rows)}"
    return text


@page("units.md", "the units accepted for each analyte, how they convert, what is plausible.")
def units() -> str:
    """One table per family of analytes."""
    from corrin import terminology

    analytes = terminology.load().analytes.values()
    text = f"""{BY_MACHINE}# Analytes and units

A result is compared in the dimension it was reported in; the first unit named is the one of the
comparison. Mass and substance convert into one another only where a molar mass stands. Spellings
of these units (`K/uL`, `ug/l`) are accepted where they mean one thing only for the analyte:
`corrin units explain SPELLING --analyte NAME` tells how one is read.
"""
    for family in sorted({analyte.family for analyte in analytes}):
        rows: list[tuple[object, ...]] = []
        for analyte in sorted(analytes, key=lambda analyte: analyte.id):
            if analyte.family != family:
                continue
            accepted = "; ".join(
                f"{name}: "
                + ", ".join(f"`{unit}`" for unit in _first(found.canonical, found.accept))
                for name, found in analyte.dimensions.items()
            )
            window = analyte.plausible
            rows.append(
                (
                    f"`{analyte.id}`",
                    analyte.name,
                    accepted or "present or absent",
                    "" if analyte.molar_mass is None else f"{analyte.molar_mass:f} g/mol",
                    f"{window.low:f} to {window.high:f} `{window.unit}`" if window else "",
                    ", ".join(code.code for code in analyte.codes),
                )
            )
        head = ("analyte", "name", "accepted units", "molar mass", "plausible", "LOINC")
        text += f"\n## {family.replace('_', ' ').capitalize()}\n\n{table(head, rows)}"
    return text


@page("settings.md", "the settings of the HTTP service (`CORRIN_*`) and their defaults.")
def settings() -> str:
    """What ``corrin config`` prints, before anything is set."""
    from corrin.api.settings import Settings
    from corrin.cli.environment import defaults

    text = f"""{BY_MACHINE}# Settings of the service

Read from the environment once, at start, by `corrin serve`; its options come before them.
`corrin config` prints what is in effect and where it comes from, and says what is wrong with it.
Several values are separated by spaces or commas. Sizes are bytes.

"""
    rows: list[tuple[object, ...]] = [
        (f"`{variable}`", says, default) for variable, says, default in defaults(Settings)
    ]
    return text + table(("variable", "what it is", "default"), rows)


@page("language.md", "the language of conditions: one truth table for each word.")
def language() -> str:
    """The truth tables of ``tests/spec/language.yaml``, which the tests run."""
    from corrin.content import read_document

    spec = read_document(DOCS.parent / "tests" / "spec" / "language.yaml")
    text = f"""{BY_MACHINE}# The language of conditions

A small subset of CQL, with two words of our own (`because`, `flagged`). Every condition is true,
false or unknown; nothing absent or unsaid ever counts as normal. Each row below is run as a test.

The examples use these cut-offs:

"""
    cuts: list[tuple[object, ...]] = []
    for name, cut in spec["thresholds"].items():
        figures = [cut.get("value", {})] + [variant["value"] for variant in cut.get("variants", ())]
        said = "; ".join(", ".join(f"{v} {u}" for u, v in f.items()) for f in figures if f)
        selectors = "; ".join(str(variant["when"]) for variant in cut.get("variants", ()))
        cuts.append((f"`{name}`", cut["analyte"], said, selectors))
    text += table(("cut-off", "of", "figures", "by"), cuts)
    for entry in spec["operators"]:
        rows: list[tuple[object, ...]] = [
            (_given(row["given"]), f"`{row['when']}`", row["is"]) for row in entry["table"]
        ]
        text += f"\n## {entry['operator']}\n\n{entry['says']}\n\n"
        text += table(("given", "condition", "is"), rows)
    text += "\n## What is refused\n\nFound when content is loaded, with file and line.\n\n"
    text += table(("condition", "says"), [(f"`{e['when']}`", e["says"]) for e in spec["errors"]])
    return text


@page("alert-rates.md", "how often each rule speaks above routine among unselected adults.")
def alert_rates() -> str:
    """Counts over the NHANES sample; the page as it is where the sample is not there."""
    import alert_rates as rates

    folder = rates.samples()
    if folder is None:
        return (DOCS / "alert-rates.md").read_text(encoding="utf-8")
    return BY_MACHINE + rates.page(folder, table)


@page("coverage.md", "where each row of the clinical reference is used, or why it is not.")
def coverage() -> str:
    """Every row that must be covered, by what the content names."""
    import reference_coverage as rows

    return BY_MACHINE + rows.page(table)


@page("batch-columns.md", "the tables and columns a batch writes, and their types.")
def batch_columns() -> str:
    """The contract of ``corrin.batch.tables``."""
    import batch_columns as contract

    return BY_MACHINE + contract.page(table)


def _given(given: dict[str, object]) -> str:
    parts = []
    for name, value in given.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {part}" for key, part in value.items())
        parts.append(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
    return "; ".join(parts) or "nothing"


def _first(canonical: str, accept: tuple[str, ...]) -> list[str]:
    return [canonical, *(unit for unit in accept if unit != canonical)]


def readme() -> str:
    """``README.md`` with the note of the example patient brought up to date."""
    import corrin
    from corrin.render import text

    request = DOCS.parent / "fixtures" / "fhir" / "demo" / "request.json"
    report = corrin.interpret(request.read_bytes(), as_of="2026-11-01T09:00:00Z")
    said = text.render(report).partition("\n3. ")[0].rstrip()
    whole = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    above, begin, rest = whole.partition("<!-- demo: written by `make docs` -->\n")
    _, end, below = rest.partition("<!-- /demo -->")
    assert begin and end, "README.md has lost the place of the example note"
    return f"{above}{begin}```\n{said}\n\n[…]\n```\n{end}{below}"


def index() -> str:
    """``docs/README.md`` with its list of pages brought up to date."""
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    above = text.partition("\n- [")[0].rstrip("\n")
    says = {name: says for name, (says, _) in PAGES.items()}
    for file in DOCS.glob("*.md"):
        if file.name not in says and file.name != "README.md":
            title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            says[file.name] = f"{title} (written by hand)."
    lines = [f"- [{name}]({name}): {says[name]}\n" for name in sorted(says)]
    return f"{above}\n\n{''.join(lines)}"


def api() -> dict[str, str]:
    """The OpenAPI document, and the examples in it, which the service serves too."""
    import openapi_examples as examples

    kept, document = examples.written()
    files = {examples.EXAMPLES: kept, examples.DOCUMENT: document}
    return {str(Path("..") / file.relative_to(DOCS.parent)): text for file, text in files.items()}


def content() -> dict[str, str]:
    """Files of content that follow from a run or from the examples, for the service to show."""
    import alert_rates as rates
    import reference_coverage as rows

    folder = rates.samples()
    observed = rates.CONTENT.read_text("utf-8") if folder is None else rates.content(folder)
    files = {rates.CONTENT: observed, rows.TRIED_BY: rows.tried_by()}
    return {str(Path("..") / file.relative_to(DOCS.parent)): text for file, text in files.items()}


def main(arguments: list[str]) -> int:
    """Write or compare every page; the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = []
    texts = {name: write() for name, (_, write) in PAGES.items()} | {
        "README.md": index(),
        "../README.md": readme(),
        **api(),
        **content(),
    }
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
