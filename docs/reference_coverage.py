"""Which row of the clinical reference is used where, computed from what names it.

Content names the rows it rests on; the example requests under ``fixtures/fhir`` name the statements
and traps they try.

Rows that nothing uses stand with their reason in ``rules/evidence/unused.yaml``; which sections
have to be covered stands in ``rules/evidence/sections.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

# Statements and traps are tried by examples; any other row has to be used by content.
TRIED = ("SD-", "TR-")
ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "fixtures" / "fhir"
# Which examples try which row, for the service, which has the content but not the examples.
TRIED_BY = ROOT / "rules" / "evidence" / "tried.yaml"

Table = Callable[[tuple[str, ...], list[tuple[object, ...]]], str]


def uses() -> dict[str, list[str]]:
    """Row → where it is used, in words, in the order of the packs."""
    from corrin.content import read_document, rules_root
    from corrin.packs.library import open_library
    from corrin.terminology.evidence import named_in

    found: dict[str, list[str]] = {}

    def note(rows: Any, where: str) -> None:
        for row in rows:
            places = found.setdefault(row, [])
            if where not in places:
                places.append(where)

    for pack in open_library().packs.values():
        content = pack.pack
        for rule in content.rules:
            note(rule.evidence, f"rule `{rule.id}`")
        for name, threshold in content.thresholds.items():
            rows = [*threshold.evidence, *(r for v in threshold.variants for r in v.evidence)]
            rows += [row for dated in threshold.earlier for row in dated.evidence]
            note(rows, f"threshold `{name}` ({pack.id})")
        for name, definition in content.definitions.items():
            note(definition.evidence, f"definition `{name}` ({pack.id})")
        for topic, decision in content.decisions.items():
            note(decision.evidence, f"decision `{topic}` ({pack.id})")
            for row in decision.rows:
                note(row.evidence, f"decision `{topic}` ({pack.id})")
        for restriction in content.restrictions:
            note(restriction.evidence, f"restriction `{restriction.id}`")
    root = rules_root()
    for file in sorted((root / "derived").glob("*.yaml")):
        note(named_in(read_document(file)), f"derived fact (`derived/{file.name}`)")
    for file in sorted((root / "terminology").glob("*.yaml")):
        note(named_in(read_document(file)), f"terminology (`terminology/{file.name}`)")
    for tried, examples in by_examples().items():
        for name in examples:
            note((tried,), f"example `{name}`")
    return found


def by_examples() -> dict[str, list[str]]:
    """Statement or trap → the examples that try it."""
    from corrin.content import read_document
    from corrin.terminology.evidence import named_in

    found: dict[str, list[str]] = {}
    for file in sorted(EXAMPLES.glob("*/expected.yaml")):
        expected = read_document(file)
        named = named_in([expected.get("evidence"), expected.get("traps")])
        for row in dict.fromkeys(row for row in named if row.startswith(TRIED)):
            found.setdefault(row, []).append(file.parent.name)
    return found


def tried_by() -> str:
    """:func:`by_examples` as a file of content."""
    text = "# Which examples (fixtures/fhir) try which row. Written by `make docs`. Do not edit.\n"
    for row, examples in sorted(by_examples().items()):
        text += f"{row}:\n" + "".join(f"  - {name}\n" for name in examples)
    return text


def unused(root: Path) -> dict[str, str]:
    """Row → why nothing uses it."""
    from corrin.content import read_document

    return {str(row): str(why) for row, why in read_document(root).items()}


def page(table: Table) -> str:
    """The page.

    Raises:
        ValueError: a row is neither used nor excused, or both.
    """
    from corrin.content import read_document, rules_root
    from corrin.terminology import evidence

    used, excused = uses(), unused(rules_root() / "evidence" / "unused.yaml")
    sections = read_document(rules_root() / "evidence" / "sections.yaml")
    covered = {name for name, section in sections.items() if section["covered"]}
    wanted = {name: row for name, row in evidence.load().rows.items() if row.section in covered}
    forgotten = [row for row in wanted if row not in used and row not in excused]
    both = [row for row in excused if row in used or row not in wanted]
    if forgotten or both:
        raise ValueError(f"neither used nor excused: {forgotten}; excused for nothing: {both}")
    text = f"""# Coverage of the clinical reference

Every row of the sections on markers, guidelines, cascades, blood count, confounders, other tests,
electrolytes and cramps, urgency, treatment, statements and traps: where it is used, or why it is
not. Computed from the content, which names the rows it rests on; statements (SD) and traps (TR)
also from the example requests (`fixtures/fhir`), which name those they try.

{len(wanted) - len(excused)} of {len(wanted)} rows are used; {len(excused)} are not, each for
the reason given.

## Not used

{
        table(
            ("row", "checked", "what it says", "why it is not used"),
            [
                (name, wanted[name].check, _short(wanted[name].item), why)
                for name, why in excused.items()
            ],
        )
    }
## Used

"""
    rows: list[tuple[object, ...]] = []
    for name, row in wanted.items():
        if name in used:
            shown = used[name][:6]
            more = len(used[name]) - len(shown)
            said = "; ".join(shown) + (f"; and {more} more" if more else "")
            rows.append((name, row.check, _short(row.item), said))
    return text + table(("row", "checked", "what it says", "used by"), rows)


def _short(item: str, most: int = 120) -> str:
    return item if len(item) <= most else item[: most - 1].rsplit(" ", 1)[0] + " …"
