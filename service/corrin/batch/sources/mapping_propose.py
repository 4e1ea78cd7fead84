"""A table → a mapping file for it, with the reason of every line, from its header and some rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from corrin import terminology, units
from corrin.batch.sources import mapping_file, mapping_looks
from corrin.batch.sources.mapping import File
from corrin.batch.sources.mapping_looks import Looks, bare, lists
from corrin.batch.sources.mapping_text import Line, Text, column_of, listed, pairs, quoted
from corrin.batch.sources.source import Options, Span
from corrin.batch.sources.table import opened
from corrin.batch.sources.table_text import Bad
from corrin.content import rules_root
from corrin.terminology import Analyte
from corrin.units import UnitRefusal

ROWS = 2000
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]+)[\])]\s*$")
_FEW = 3  # tests in columns of their own that make a table a wide one


@dataclass(slots=True)
class Proposal:
    """A mapping file, and what could not be found; no cell of the table is in it.

    Attributes:
        text: the file, in YAML with comments.
        lacking: what is needed and was not found; without it the file cannot be used as it is.
        unsure: what should be looked at.
        known: the name of the shipped mapping that fits the table, if one does.
    """

    text: str
    lacking: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    known: str = ""


def propose(path: str, file: File, name: str | None = None) -> Proposal:
    """Propose a mapping for a table.

    Args:
        path: where it is.
        file: what is known of how it is written (delimiter, encoding, sheet …).
        name: what errors call it; else the last part of the path.

    Raises:
        InputError: the table cannot be read.
    """
    called = name or Path(path).name
    with closing(opened(path, called, file, Options())) as table:
        header = [one.strip().removeprefix("\ufeff") for one in table.header]
        everything = set(range(len(header)))
        rows = [
            found.cells
            for found in islice(table.rows(Span(), everything), ROWS)
            if not isinstance(found.cells, Bad) and len(found.cells) == len(header)
        ]
    known = mapping_file.recognised(header)
    if known is not None:
        shipped = rules_root().joinpath(*mapping_file.FOLDER, f"{known.name}.yaml")
        head = (
            f"# The table is known by its header ({known.name}): it is read so without any\n"
            "# mapping file. Change here what is otherwise at your site.\n"
        )
        return Proposal(head + shipped.read_text(encoding="utf-8"), known=known.name)
    columns = [Looks.of(one, [row[at] for row in rows]) for at, one in enumerate(header)]
    return _Proposer(called, file, header, columns, len(rows)).proposal()


class _Proposer:
    """Finds what each column holds; a column is taken once."""

    def __init__(
        self, called: str, file: File, header: list[str], columns: list[Looks], rows: int
    ) -> None:
        self.called, self.file, self.columns, self.rows = called, file, columns, rows
        doubled = {one for one in header if header.count(one) > 1}
        self.free = {
            at: one for at, one in enumerate(columns) if one.name and one.name not in doubled
        }
        self.comma = self._comma()
        self.lacking: list[str] = []
        self.unsure: list[str] = []

    def proposal(self) -> Proposal:
        """The whole file."""
        tests = self._tests()
        code = None if len(tests) >= _FEW else self._code()
        wide = code is None and len(tests) >= 1
        if not wide:
            tests = []
        for at, _, _ in tests:
            del self.free[at]
        lines = [*self._who()]
        lines += [] if wide else self._result(code)
        lines += self._when()
        lines += self._status()
        lines += self._beside(wide)
        results = [self._test(*one) for one in tests]
        unused = [one.name for _, one in sorted(self.free.items())]
        text = Text(self.called, self.file, self.rows, self.comma, lines, results)
        return Proposal(text.written(self.lacking, unused), self.lacking, self.unsure)

    # --- columns ----------------------------------------------------------------------------

    def _take(self, role: str, holds: Callable[[Looks], bool] = lambda _: True) -> Looks | None:
        """The column whose name says a role, and whose cells do not speak against it."""
        for wanted in lists().roles[role]:
            for at, one in self.free.items():
                if bare(one.name) == wanted and holds(one):
                    del self.free[at]
                    return one
        return None

    def _like(self, holds: Callable[[Looks], bool]) -> Looks | None:
        """The one column whose cells say what it is; none where several do."""
        found = [at for at, one in self.free.items() if one.cells and holds(one)]
        return self.free.pop(found[0]) if len(found) == 1 else None

    def _who(self) -> list[Line]:
        found = self._take("patient", lambda one: bool(one.cells))
        if found is None:
            self.lacking.append("patient: whose result it is")
            return [Line("# patient: ???", "no column is called so; name it", True)]
        return [Line(f"patient: {column_of(found)}", "by its name")]

    def _code(self) -> Looks | None:
        """The column of LOINC codes, else one of codes of the site."""
        loinc = self._like(lambda one: one.mostly(mapping_looks.is_loinc))
        if loinc is None:
            loinc = self._take("code", lambda one: one.mostly(mapping_looks.is_loinc))
        return loinc or self._take("code", lambda one: bool(one.cells))

    def _result(self, code: Looks | None) -> list[Line]:
        lines = []
        if code is None:
            self.lacking.append("code: which test it is")
            lines.append(Line("# code: {column: ???, system: loinc}", "no column of codes", True))
        elif code.mostly(mapping_looks.is_loinc):
            share = "every" if code.all(mapping_looks.is_loinc) else "nearly every"
            why = f"{share} text looked at is a LOINC code"
            lines.append(Line(f"code: {column_of(code, system='loinc')}", why))
        else:
            why = f"by its name; {code.distinct()} codes that are not LOINC: see local_codes below"
            own = f"code: {column_of(code, system='urn:corrin:site')}"
            lines.append(Line(own, why, True))
            self.unsure.append(
                "code: its codes are the site's own; say under local_codes what ours are"
            )
        lines += self._optional("name", lambda one: not one.mostly(mapping_looks.is_number))
        value = self._take("value", lambda one: one.share(mapping_looks.is_result) > 0)
        number = self._take("number", lambda one: one.mostly(mapping_looks.is_number))
        for role, found in (("value", value), ("number", number)):
            if found is not None:
                lines.append(Line(f"{role}: {column_of(found)}", "by its name and its numbers"))
        if value is None and number is None:
            self.lacking.append("value: the result")
            lines.append(Line("# value: ???", "no column of results was found", True))
        found = self._take("comparator", lambda one: one.all(mapping_looks.is_comparator))
        if found is not None:
            signs = lists().comparators
            said = {cell: signs[cell] for cell in set(found.cells) if signs[cell] != cell}
            lines.append(
                Line(f"comparator: {column_of(found, map=pairs(said))}", "by its name and words")
            )
        unit = self._take("unit", lambda one: one.share(mapping_looks.is_unit) > 0)
        unit = unit or self._like(
            lambda one: one.mostly(mapping_looks.is_unit) and one.share(_has_slash) > 0
        )
        if unit is None:
            self.unsure.append("unit: not found; results without a unit are refused")
            lines.append(
                Line("# unit: ???", "no column of units; without one nothing is taken", True)
            )
        else:
            lines.append(Line(f"unit: {column_of(unit)}", "its texts are units"))
        for role in ("low", "high"):
            lines += self._optional(role, lambda one: one.share(mapping_looks.is_number) > 0)
        return lines + self._optional("range", lambda one: bool(one.cells))

    def _when(self) -> list[Line]:
        found = self._take("time", lambda one: bool(one.formats()))
        if found is None:
            found = self._like(lambda one: _is_time(one) and not _is_birth(one))
        if found is None:
            self.lacking.append("time: when the sample was taken")
            return [Line("# time: ???", "no column of dates was found, or several", True)]
        formats = found.formats()
        clock = self._take("clock", lambda one: one.all(mapping_looks.is_clock))
        role = "time" if clock is None else "date"
        if len(formats) > 1:
            self.lacking.append(f"{role}: which of day and month comes first in {found.name}")
            several = " or ".join(str(one[0]) for one in formats)
            return [
                Line(
                    f"# {role}: {{column: {quoted(found.name)}, format: ???}}",
                    f"{several}: both fit every text looked at, so choose",
                    True,
                )
            ]
        [form] = formats
        told = column_of(found, format=listed(form))
        lines = [Line(f"{role}: {told}", "every text looked at is written so")]
        if clock is not None:
            lines.append(Line(f"clock: {column_of(clock)}", "times of day"))
        return lines + self._optional("issued", lambda one: len(one.formats()) == 1, timed=True)

    def _status(self) -> list[Line]:
        found = self._take("status", lambda one: one.share(mapping_looks.is_status) > 0)
        if found is None:
            self.unsure.append("status: no column says it; is every result final?")
            why = "no column says it: this says that the table holds final results only"
            return [Line("status: {constant: final}", why, True)]
        known = lists().statuses
        said = {cell: known[cell] for cell in set(found.cells) & set(known)}
        others = len(set(found.cells) - set(known))
        if others:
            self.unsure.append(
                f"status: {others} of its texts are not known; their rows are refused"
            )
        why = f"{others} other texts are not known; add them" if others else "by its name and words"
        return [Line(f"status: {column_of(found, map=pairs(said))}", why, bool(others))]

    def _beside(self, wide: bool) -> list[Line]:
        lines = []
        for role in ("interpretation", "specimen", "comment"):
            if not (wide and role == "interpretation"):
                lines += self._optional(role, lambda one: bool(one.cells))
        sex = self._take("sex", lambda one: one.all(mapping_looks.is_sex))
        if sex is not None:
            lines.append(Line(f"sex: {column_of(sex)}", "by its name and words"))
        born = self._optional("birth_date", lambda one: len(one.formats()) == 1, timed=True)
        if wide and not born:
            born = self._optional("age", lambda one: one.all(mapping_looks.is_number))
        lines += born
        if not wide:
            unique = self.rows == 0
            lines += self._optional(
                "identifier", lambda one: unique or one.distinct() == len(one.cells) == self.rows
            )
        return lines

    def _optional(
        self, role: str, holds: Callable[[Looks], bool], *, timed: bool = False
    ) -> list[Line]:
        found = self._take(role, holds)
        if found is None:
            return []
        form = found.formats()[0] if timed else ()
        return [Line(f"{role}: {column_of(found, format=listed(form))}", "by its name")]

    # --- wide tables ------------------------------------------------------------------------

    def _tests(self) -> list[tuple[int, Analyte, str]]:
        """Columns of numbers whose name is that of a test; place, analyte, unit in the name."""
        found = []
        for at, one in self.free.items():
            match = _UNIT.match(one.name)
            name, unit = (match["name"], match["unit"]) if match else (one.name, "")
            analyte = terminology.load().find_analyte(name.replace("_", " "))
            if analyte is None and mapping_looks.is_loinc(name):
                analyte = terminology.load().analyte_for_loinc(name)
            if analyte is not None and analyte.codes and one.share(mapping_looks.is_result) > 0:
                found.append((at, analyte, unit))
        return found

    def _test(self, at: int, analyte: Analyte, unit: str) -> Line:
        known = units.normalise(analyte, unit=unit, system=None, code=None) if unit else None
        marks = self.columns[at].missing
        column = quoted(self.columns[at].name) + (
            f", missing: {listed(sorted(marks), True)}" if marks else ""
        )
        if known is None or isinstance(known, UnitRefusal):
            self.unsure.append(f"unit of {self.columns[at].name}: its header does not say it")
            code = analyte.codes[0].code
            why = f"{analyte.name}; add unit: …, without it nothing of it is taken"
            return Line(f"- {{column: {column}, loinc: {code}}}", why, True)
        fitting = [
            one for one in analyte.codes if known.dimension in one.promised and not one.flags
        ]
        code = (fitting or list(analyte.codes))[0].code
        text = f"- {{column: {column}, loinc: {code}, unit: {quoted(known.ucum)}}}"
        return Line(text, f"{analyte.name}; name and unit by the header")

    # --- decimals ---------------------------------------------------------------------------

    def _comma(self) -> bool:
        """Whether numbers are written with a decimal comma."""
        commas = sum(map(mapping_looks.has_comma, self._cells()))
        points = sum(map(mapping_looks.has_point, self._cells()))
        return commas > points

    def _cells(self) -> Sequence[str]:
        return [cell for one in self.columns for cell in one.cells if not _is_time(one)]


def _has_slash(cell: str) -> bool:
    return "/" in cell


def _is_time(column: Looks) -> bool:
    return bool(column.formats())


def _is_birth(column: Looks) -> bool:
    return bare(column.name) in lists().roles["birth_date"]
