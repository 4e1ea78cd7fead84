"""The text of a proposed mapping file: YAML with the reason of every line as a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from corrin.batch.sources.mapping import File
from corrin.batch.sources.mapping_looks import Looks

_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


@dataclass(slots=True)
class Line:
    """One line of a proposal: what it says, why, and whether somebody should look at it."""

    text: str
    why: str = ""
    check: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A proposal before it is written.

    Attributes:
        called: what the table is called.
        file: what is known of how it is written.
        rows: how many rows were looked at.
        comma: whether numbers are written with a decimal comma.
        lines: what is said of columns.
        results: of a wide table, what is said of tests.
    """

    called: str
    file: File
    rows: int
    comma: bool
    lines: Sequence[Line]
    results: Sequence[Line]

    def written(self, lacking: Sequence[str], unused: Sequence[str]) -> str:
        """All of it, with what was not found, and the columns that are not used."""
        out = [
            f"# Proposed from the header of the table and {self.rows} of its rows.",
            "# Look through it before you use it; what is marked CHECK is unsure.",
            f"name: {quoted(self._name())}",
        ]
        if self.results:
            out.append("layout: wide  # a row is a patient or a visit, results are columns")
        told = self._file()
        if told:
            out.append(f"file: {{{', '.join(told)}}}")
        out += ["columns:", *(f"  {_commented(line)}" for line in self.lines)]
        if self.results:
            out += ["results:", *(f"  {_commented(line)}" for line in self.results)]
        if any("local_codes" in line.why for line in self.lines):
            out += [
                "# What codes of the site stand for; one line for each test that is wanted:",
                "# local_codes:",
                '#   - {code: "…", loinc: 2132-9, name: Vitamin B12}',
            ]
        for one in lacking:
            out.append(f"# NOT FOUND: {one}")
        if unused:
            out.append(f"# Not used: {', '.join(map(quoted, unused))}")
        return "\n".join(out) + "\n"

    def _name(self) -> str:
        stem = re.sub(r"[^\w-]+", "-", self.called.split(".")[0].lower())
        return stem.strip("-") or "table"

    def _file(self) -> list[str]:
        file = self.file
        told = [
            f"{name}: {quoted(str(getattr(file, name)))}"
            for name in ("delimiter", "encoding", "sheet")
            if getattr(file, name) is not None
        ]
        if file.quote != '"':
            told.append(f"quote: {quoted(file.quote)}")
        if file.header != 1:
            told.append(f"header: {file.header}")
        if self.comma:
            told.append('decimal: ","')
        return told


def quoted(text: str) -> str:
    """A text as YAML holds it on one line."""
    if re.fullmatch(r"[A-Za-z][\w.-]*(?: [\w.-]+)*", text) and text.lower() not in _YAML_WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def column_of(column: Looks, **said: str) -> str:
    """A column as a mapping file names it, with what else is said of it."""
    if column.missing:
        said["missing"] = listed(sorted(column.missing), True)
    told = "".join(f", {key}: {value}" for key, value in said.items() if value)
    return f"{{column: {quoted(column.name)}{told}}}" if told else quoted(column.name)


def pairs(said: dict[str, str]) -> str:
    """Texts and what they mean, as YAML holds them on one line; empty for none."""
    told = ", ".join(f"{quoted(word)}: {quoted(means)}" for word, means in sorted(said.items()))
    return f"{{{told}}}" if told else ""


def listed(texts: Sequence[str], always: bool = False) -> str:
    """Texts as YAML holds them on one line: one alone as it is, unless ``always``."""
    told = [quoted(one) for one in texts]
    return "".join(told) if len(told) < 2 and not always else f"[{', '.join(told)}]"


def _commented(line: Line) -> str:
    why = f"  # {'CHECK: ' if line.check else ''}{line.why}" if line.why else ""
    return line.text + why
