"""``corrin units convert`` and ``corrin units explain``."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Annotated, Any, NoReturn

import typer

from corrin import terminology, units
from corrin.facts.interval import Interval
from corrin.intake import number
from corrin.intake.jsontext import parse
from corrin.intake.limits import Limits
from corrin.intake.problem import IntakeError
from corrin.terminology import Analyte
from corrin.units import Unit, UnitError, UnitRefusal
from corrin.units.explain import Explanation
from corrin.units.explain import explain as explain_unit

app = typer.Typer(
    name="units",
    help="Convert a laboratory value between units, or explain how a unit is read.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

REFUSED = 2  # exit code: nothing was converted, standard error says why
_LONGEST_LINE = 64 * 1024
_LINE = Limits(bytes=_LONGEST_LINE, depth=8, entries=1)
_WIDTH = 80

AnalyteOption = Annotated[
    str,
    typer.Option("--analyte", "-a", help="Our id, a LOINC code or a common name of the analyte."),
]


class Refused(Exception):
    """A value not converted: reason code, what is wrong, what to do.

    ``detail`` is added to the reason's sentence; ``instead`` replaces it.
    """

    def __init__(self, reason: str, detail: str = "", instead: str = "") -> None:
        known = terminology.load().reasons.get(reason)
        sentence = instead or (known.sentence if known else "")
        self.reason = reason
        self.sentence = " ".join(part for part in (sentence, detail) if part)
        self.remedy = known.remedy if known else ""
        super().__init__(reason)


@app.command(context_settings={"ignore_unknown_options": True})
def convert(
    value: Annotated[
        str, typer.Argument(help="A number, with < <= >= or > before it; - reads NDJSON.")
    ],
    source: Annotated[str | None, typer.Argument(metavar="FROM", help="Its unit.")] = None,
    target: Annotated[str | None, typer.Argument(metavar="TO", help="The unit wanted.")] = None,
    analyte: AnalyteOption = "",
) -> None:
    """Convert one value exactly, rounded once to 12 significant digits.

    With - as the only argument, reads one JSON object per line from standard input,
    {"analyte": ..., "value": ..., "from": ..., "to": ...}, and answers each line in its place
    with {"value": "..."} or {"refused": reason, "why": sentence}.
    """
    if value == "-" and source is None and target is None:
        _bulk(sys.stdin.buffer, sys.stdout, analyte)
        return
    if source is None or target is None:
        usage = "corrin units convert 240 pg/mL pmol/L --analyte total_b12"
        raise typer.BadParameter(f"give a value, its unit and the unit wanted: {usage}")
    try:
        found = _analyte(analyte)
        answer, remarks = _convert(found, _text_value(value), source, target)
    except Refused as refused:
        _fail("convert", refused)
    _say(answer, sys.stdout)
    for remark in remarks:
        _tell(f"note: {remark}")


@app.command()
def explain(
    unit: Annotated[str, typer.Argument(help="The unit as the laboratory writes it.")],
    analyte: AnalyteOption = "",
) -> None:
    """Say how a unit is read for an analyte, why, and what it converts to."""
    try:
        found = _analyte(analyte)
    except Refused as refused:
        _fail("explain", refused)
    for label, text in _rows(found, explain_unit(found, unit)):
        wrapped = textwrap.wrap(
            text, _WIDTH - 16, break_on_hyphens=False, break_long_words=True
        ) or [""]
        _say(f"{label:<16}{wrapped[0]}".rstrip(), sys.stdout)
        for line in wrapped[1:]:
            _say(" " * 16 + line, sys.stdout)


def _bulk(lines: IO[bytes], out: IO[str], analyte: str) -> None:
    for line in _lines(lines):
        out.write(json.dumps(_answer(line, analyte)) + "\n")
        out.flush()


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Lines without their end; ``None`` for one that is too long, whose rest is passed over."""
    while line := stream.readline(_LONGEST_LINE + 1):
        if len(line) <= _LONGEST_LINE:
            yield line.rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST_LINE)
        yield None


def _answer(line: bytes | None, analyte: str) -> dict[str, str]:
    try:
        return {"value": _convert_line(line, analyte)}
    except Refused as refused:
        return {"refused": refused.reason, "why": refused.sentence}


def _convert_line(line: bytes | None, analyte: str) -> str:
    if line is None:
        raise Refused("too-large", f"A line holds at most {_LONGEST_LINE} bytes.")
    try:
        (asked,) = parse(line, _LINE).values
    except IntakeError as error:
        raise Refused(error.problems[0].reason) from None
    if not isinstance(asked, dict):
        raise Refused("malformed", instead="The line is not a JSON object.")
    if asked.get("value") is None:
        raise Refused("no-value", instead='The line has no "value".')
    texts = {}
    for key, otherwise in (("analyte", analyte), ("from", None), ("to", None)):
        text = asked.get(key, otherwise)
        if text is None and key != "analyte":
            raise Refused("unit-missing", instead=f'The line has no "{key}".')
        if not isinstance(text, str):
            raise Refused("malformed", instead=f'"{key}" is not a text.')
        texts[key] = text
    found = _analyte(texts["analyte"])
    return _convert(found, _value(asked["value"]), texts["from"], texts["to"])[0]


def _value(given: Any) -> Interval:
    if isinstance(given, str):
        return _text_value(given)
    if not isinstance(given, Decimal):
        raise Refused("value-type", instead="The value is neither a number nor a text like <150.")
    if given < 0:
        raise Refused("value-negative")
    return Interval.point(given)


def _text_value(text: str) -> Interval:
    found = number.read(text)
    if isinstance(found, str):
        raise Refused(found)
    if found.unit is not None:
        raise Refused("value-unreadable", "The unit belongs in a place of its own.")
    if None not in (found.interval.low, found.interval.high) and not found.interval.is_point:
        raise Refused("value-unreadable", "A range is two values: convert each.")
    return found.interval


def _analyte(name: str) -> Analyte:
    if not name.strip():
        raise Refused("analyte-unknown", instead="No analyte was named.")
    terms = terminology.load()
    found = terms.find_analyte(name)
    if found is not None:
        return found
    rejected = terms.rejected_loinc(name)
    if rejected is not None:
        raise Refused("code-rejected", rejected)
    near = terms.nearest(name[:80])
    hint = f"Nearest to {_shown(name)}: {', '.join(near)}." if near else f"Got {_shown(name)}."
    raise Refused("analyte-unknown", hint)


def _convert(analyte: Analyte, value: Interval, source: str, target: str) -> tuple[str, list[str]]:
    """The value in the unit wanted, and remarks on it that do not stop the conversion."""
    given = units.normalise(analyte, unit=source)
    if isinstance(given, UnitRefusal):
        raise _unit_refused(analyte, given.reason, source)
    wanted = units.normalise(analyte, unit=target)
    if isinstance(wanted, UnitRefusal):
        # A unit, yet not one this analyte has: there is nothing wrong with the value.
        reason = wanted.reason
        reason = "unit-unconvertible" if reason == "unit-impossible" else reason
        raise _unit_refused(analyte, reason, target)
    doubt = units.suspicious(analyte, value, given.ucum)
    if doubt is not None:
        raise Refused(doubt)
    try:
        answer = _written(units.convert_interval(analyte, value, given.ucum, wanted.ucum))
    except UnitError as error:
        raise Refused(error.reason) from None
    reasons = terminology.load().reasons
    remarks = []
    if "unit-also-ucum" in (*given.flags, *wanted.flags):
        remarks.append(reasons["unit-also-ucum"].sentence)
    if not units.plausible(analyte, value, given.ucum):
        remarks.append(reasons["implausible"].sentence)
    return answer, remarks


def _unit_refused(analyte: Analyte, reason: str, typed: str) -> Refused:
    accepted = ", ".join(analyte.units)
    has = f"{analyte.name} is read in: {accepted}." if accepted else f"{analyte.name} has no units."
    return Refused(reason, f"Got {_shown(typed)}; {has}")


def _written(value: Interval) -> str:
    if value.is_point and value.low is not None:
        return units.as_text(value.low)
    if value.low is None and value.high is not None:
        return f"{'<=' if value.high_closed else '<'}{units.as_text(value.high)}"
    assert value.low is not None and value.high is None
    return f"{'>=' if value.low_closed else '>'}{units.as_text(value.low)}"


def _rows(analyte: Analyte, found: Explanation) -> Iterator[tuple[str, str]]:
    yield "analyte", f"{analyte.name} ({analyte.id})"
    yield "as typed", _shown(found.typed)
    yield "normalised", "cannot be a unit" if found.normalised is None else found.normalised
    if isinstance(found.answer, UnitRefusal):
        refused = _unit_refused(analyte, found.answer.reason, found.typed)
        yield "refused", found.answer.reason
        yield "why", refused.sentence
        if found.as_ucum:
            yield "as UCUM", f"It says {found.as_ucum}."
        yield "what to do", refused.remedy
        return
    answer = found.answer
    yield "UCUM", answer.ucum
    yield "meaning", found.meaning or answer.ucum
    yield "why", _why(analyte, answer, found)
    if found.how == "also":
        yield "careful", f"It is also valid UCUM, and then means {found.as_ucum}."
    for flag in answer.flags:
        if flag != "unit-from-text":  # every unit explained here is a text
            yield "flag", f"{flag}: {terminology.load().reasons[flag].sentence}"
    canonical = analyte.canonical_of(answer.ucum)
    yield "canonical", f"{canonical} ({answer.dimension})"
    for at, other in enumerate(found.equivalents):
        exact = f", exactly {other.exact}" if other.exact else ""
        by = "" if other.by == "scale" else f", by {_by(analyte, other.by)}"
        yield (f"1 {answer.ucum}" if at == 0 else ""), f"= {other.value} {other.unit}{exact}{by}"
    if found.unconvertible:
        yield "never into", ", ".join(found.unconvertible)


def _why(analyte: Analyte, answer: Unit, found: Explanation) -> str:
    if found.normalised == answer.ucum:
        return f"It is one of the UCUM units accepted for {analyte.name}."
    if found.group is not None:
        return f"A spelling of the group {found.group}, which {analyte.name} belongs to."
    if found.as_ucum is not None and found.how == "alias":
        return f"It is UCUM for the same: {found.as_ucum}."
    return "Without regard to capitals it has only one meaning for this analyte."


def _by(analyte: Analyte, rule: str) -> str:
    mass, charge = f"molar mass {analyte.molar_mass} g/mol", f"charge {analyte.charge}"
    match rule:
        case "molar mass":
            return mass
        case "charge":
            return charge
        case "two masses":
            return f"{mass} over {analyte.second_molar_mass} g/mol"
        case _:
            return f"{charge} and {mass}"


def _shown(text: str) -> str:
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    plain = plain if len(plain) <= 40 else plain[:39] + "..."
    return f'"{plain}"'


def _say(text: str, stream: IO[str]) -> None:
    """Write a line whatever the stream can encode."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _fail(command: str, refused: Refused) -> NoReturn:
    _tell(f"corrin units {command}: {refused.sentence} [{refused.reason}]")
    _tell(refused.remedy)
    raise typer.Exit(REFUSED)


def _tell(text: str) -> None:
    for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False):
        _say(line, sys.stderr)
