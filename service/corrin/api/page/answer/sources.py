"""The sources of a page: those of the report, numbered as there, then those of its scales."""

from __future__ import annotations

from collections.abc import Iterable

from corrin.notes.report import Evidence, Report
from corrin.question.cut_off import CutOff
from corrin.render.basis import References, rows


class Sources(References):
    """As the report numbers them; a cut-off that only a scale shows adds its own behind."""

    def __init__(self, report: Report, cut_offs: Iterable[CutOff]) -> None:
        super().__init__(report)
        known = {row.row for row in self.rows}
        more: dict[str, Evidence] = {
            row.row: row
            for one in cut_offs
            for used in one.used
            for row in rows(used)
            if row.row not in known
        }
        if not more:
            return
        self.rows = (*self.rows, *(more[row] for row in sorted(more)))
        named = {source.key: source for _, source in self.sources}
        for row in self.rows:
            for source in row.sources:
                named.setdefault(source.key, source)
        self.sources = tuple(enumerate(named.values(), 1))
        self._numbers = {source.key: number for number, source in self.sources}
