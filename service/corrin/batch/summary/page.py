"""The numbers of a dataset → ``summary.html``: pictures, each with its table and its meaning."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corrin.batch.summary import answers, values
from corrin.batch.summary.numbers import ENOUGH, FAR, Numbers, numbers_of
from corrin.batch.summary.part import OPEN, Part, Table, cut, words
from corrin.batch.summary.small import LEAST, count
from corrin.render import page

_HERE = Path(__file__).parent


def write_summary(dataset: Path) -> Path:
    """Write ``summary.html`` into a finished dataset.

    The same dataset gives the same bytes. The page appears whole or not at all.

    Raises:
        corrin.batch.compare_dataset.NotADataset: the folder holds none.
        OSError: it cannot be written.
    """
    text = rendered(numbers_of(dataset))
    path = dataset / "summary.html"
    waiting = dataset / ".summary.html.part"
    try:
        with waiting.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    return path


def rendered(numbers: Numbers) -> str:
    """The page."""
    return page.template(_HERE / "page.html.j2").render(
        run=numbers.run,
        people=count(numbers.reports[1]).shown,
        reports=count(numbers.reports[0]).shown,
        outside=count(numbers.reports[2]).shown,
        files=_files(numbers.run),
        parts=list(parts(numbers)),
        changes=_changes(numbers.changes),
        least=LEAST,
        enough=ENOUGH,
        far=FAR,
        **page.style(_HERE / "page.css"),
    )


def parts(numbers: Numbers) -> Iterator[Part]:
    """What there is to tell; what is empty is left out."""
    yield answers.statuses(numbers)
    yield answers.urgency(numbers)
    if numbers.alerts:
        yield answers.alerts(numbers)
    if numbers.units:
        yield values.units(numbers)
    if numbers.flags:
        yield values.flags(numbers)
    if numbers.refused:
        yield values.refused(numbers)
    if numbers.ages:
        yield values.ages(numbers)


def _changes(changes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What changed since the run this one was compared with."""
    if not changes:
        return None
    head = changes["reports"]
    names = ("both", "same", "changed", "appeared", "disappeared")
    statuses = [
        (
            words(one["topic"]),
            words(one["before"] or OPEN),
            words(one["after"] or OPEN),
            count(one["reports"]).shown,
        )
        for one in changes["statuses"]
    ]
    because = [(one["because"], count(one["changes"]).shown) for one in changes["because"]]
    return {
        "reports": [(name, count(head[name]).shown) for name in names],
        "packs": changes["packs"],
        "tables": [
            cut("Statuses", ("Question", "Before", "After", "Reports"), statuses),
            cut("Because of", ("What", "Changes"), because),
        ],
    }


def _files(run: Mapping[str, Any]) -> Table:
    """Every file with where its rows went."""
    went = ("read", "used", "superseded", "not_ours", "refused")
    rows = [
        (one["file"], one["format"], *(f"{one['counts'][name]:,}" for name in went))
        for one in run.get("sources", ())
    ]
    head = ("File", "Format", "Read", "Used", "Superseded", "Not ours", "Refused")
    return cut(
        "Files: what was read is what was used, superseded, not ours and refused", head, rows
    )
