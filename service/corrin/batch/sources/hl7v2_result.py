"""OBX, with what its order and its specimen say of it → a result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corrin import terminology
from corrin.batch.sources import local_time, resources
from corrin.batch.sources.hl7v2_message import Delimiters, Segment, shown, single, words
from corrin.batch.sources.observation import UCUM, Record, is_number, quantity
from corrin.batch.sources.resources import Code
from corrin.intake.observation import concerns_us
from corrin.terminology.systems import LOINC, canonical_system, loinc_check_digit_holds

if TYPE_CHECKING:
    from corrin.batch.sources.codes import Codes

_TABLE = re.compile(r"HL7(\d{4})", re.ASCII)
_OID = re.compile(r"[0-2](?:\.\d+){3,}", re.ASCII)
_POWER = re.compile(r"[xX*]?10\^[+-]?\d{1,2}/.+", re.ASCII)
_NULL = '""'
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS"})
_TEXTS = frozenset({"ST", "TX", "FT", "NM", ""})
_TIMES = {"DT": "valueDateTime", "DTM": "valueDateTime", "TS": "valueDateTime", "TM": "valueTime"}
_COMPARATORS = frozenset({"", "=", "<", "<=", ">", ">="})
_MOST_KNOWN = 100_000
_RESULTS = "urn:corrin:hl7v2:result"


@dataclass(slots=True)
class Result:
    """An OBX with the remarks that follow it."""

    segment: Segment
    notes: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """What stands around results: OBR, the ORC before it, the SPM behind it."""

    request: Segment | None = None
    control: Segment | None = None
    results: list[Result] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)

    def text(self, number: int, component: int = 1) -> str:
        """A component of OBR; empty where there is none."""
        return "" if self.request is None else self.request.text(number, component)

    def key(self) -> str:
        """The filler's order number, else the placer's; empty where there is none."""
        for segment, number in (
            (self.request, 3),
            (self.control, 3),
            (self.request, 2),
            (self.control, 2),
        ):
            if segment is not None and segment.text(number):
                parts = [part[0] for part in segment.repeats(number)[0]]
                return "^".join(parts).rstrip("^")
        return ""


def record_of(result: Result, order: Order, patient: str, sent: str, zone: str) -> Record:
    """What an OBX says; ``sent`` is when the message was made, as a FHIR dateTime."""
    obx = result.segment
    status = obx.text(11) or ""
    known = words()
    said = known["result_status"].get(status, status) if status else _order_status(order)
    unit, ucum = _unit(obx)
    made = Record(patient, unit_text=unit, unit_code=ucum)
    value = _value(obx, made, zone)
    number = order.key()
    codes = codes_of(obx.repeats(3)[0])
    name = codes[0].code if codes else obx.raw(3)
    specimen, specimens = _specimen(order)
    return Record(
        patient,
        codes=codes,
        text=shown(obx.text(3, 9) or obx.text(3, 2)),
        value=value if isinstance(value, dict) else None,
        value_text=value if isinstance(value, str) else "",
        unit_text=unit,
        unit_code=ucum,
        range_text=_range(obx),
        when=local_time.of_dtm(obx.text(14) or order.text(7), zone),
        issued=local_time.of_dtm(order.text(22), zone) or sent,
        status=said,
        interpretation=[one[0][0].strip() for one in obx.repeats(8) if one[0][0].strip(' "')],
        specimen=specimen,
        specimen_codes=specimens,
        specimen_condition=_condition(order),
        comment=_comments(result),
        identifier=[(_RESULTS, f"{number}|{name}|{obx.raw(4)}")] if number else [],
        absent=known["absent"].get(status, ""),
    )


@dataclass(slots=True)
class Concern:
    """Whether results concern us, by their codes; found out once for each way to write them."""

    local: Codes
    _known: dict[tuple[object, ...], bool] = field(default_factory=dict)

    def none(self, text: str, marks: Delimiters) -> bool:
        """Whether an OBX does not concern us, whatever its value and whoever it is about."""
        parts = text.split(marks.field, 6)
        kind, code, value = (parts[at] if at < len(parts) else "" for at in (2, 3, 5))
        key = (marks, code, kind, value if kind in _CODED else "")
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = self._none(single(text, marks))
        return found

    def _none(self, obx: Segment) -> bool:
        codes = self.local.mapped(codes_of(obx.repeats(3)[0]))
        skeleton: dict[str, Any] = {
            "code": resources.concept(codes, shown(obx.text(3, 9) or obx.text(3, 2))),
            "valueString": "",
        }
        if obx.text(2).upper() in _CODED:
            answers = [code for one in obx.repeats(5) for code in codes_of(one)]
            skeleton["valueCodeableConcept"] = resources.concept(answers)
        return not mistaken(codes) and not concerns_us(skeleton)


def codes_of(components: Sequence[Sequence[str]]) -> list[Code]:
    """The codings of a CE, CWE or CNE: its first three components, and the alternate ones."""
    found = []
    for at in (0, 3):
        code, text, name = (_part(components, at + n) for n in range(3))
        if code and code != _NULL:
            found.append(Code(system_of(name), code, shown(text)))
    return found


def system_of(name: str) -> str:
    """The URI of a code system by its name in HL7 v2; empty for no name."""
    if not name:
        return ""
    table = _TABLE.fullmatch(name)
    if table is not None:
        return f"http://terminology.hl7.org/CodeSystem/v2-{table[1]}"
    known: str | None = words()["systems"].get(name.upper())
    if known is not None:
        return known
    if _OID.fullmatch(name) is not None:
        return canonical_system(name) or f"urn:oid:{name}"
    return f"urn:id:{name}"


def mistaken(codes: Sequence[Code]) -> str:
    """The name of the other system that a LOINC code of ours is said to be of; else empty."""
    if any(canonical_system(one.system) == LOINC for one in codes):
        return ""
    ours = terminology.load()
    for one in codes:
        shaped = one.system.startswith("urn:id:") and loinc_check_digit_holds(one.code)
        if shaped and ours.analyte_for_loinc(one.code) is not None:
            return one.system.removeprefix("urn:id:")
    return ""


def _part(components: Sequence[Sequence[str]], at: int) -> str:
    return components[at][0].strip() if at < len(components) else ""


def _order_status(order: Order) -> str:
    status = order.text(25)
    found: str = words()["order_status"].get(status, status)
    return found


def _unit(obx: Segment) -> tuple[str, str]:
    """OBX-6 as spelt, and as UCUM where it says that it is UCUM."""
    components = obx.repeats(6)[0]
    raw = obx.raw(6).strip()
    if _POWER.fullmatch(raw) is not None:
        return raw, ""  # 10^9/L with its mark not escaped
    parts = [_part(components, at) for at in range(9)]
    for at in (0, 3):
        if parts[at] and system_of(parts[at + 2]) == UCUM:
            return parts[at], parts[at]
    found = next((one for one in (parts[0], parts[1], parts[3], parts[4], parts[8]) if one), "")
    return ("" if found == _NULL else found), ""


def _range(obx: Segment) -> str:
    text = obx.raw(7).strip()
    return "" if text == _NULL else text


def _value(obx: Segment, made: Record, zone: str) -> dict[str, Any] | str:
    """OBX-5 by its type in OBX-2: as ``value[x]``, or as a text."""
    kind = obx.text(2).upper()
    repeats = [one for one in obx.repeats(5) if any(part.strip() for all_ in one for part in all_)]
    if not repeats or obx.raw(5).strip() == _NULL:
        return {}
    if len(repeats) > 1:
        lines = kind in ("TX", "FT")
        return ("\n" if lines else "; ").join(_joined(one) for one in repeats)
    components = repeats[0]
    if kind in _CODED:
        text = _part(components, 8) or _part(components, 1) or _part(components, 0)
        codes = codes_of(components)
        if kind == "IS":
            codes = []
        return {"valueCodeableConcept": resources.concept(codes, shown(text))}
    if kind == "SN":
        return _structured([_part(components, at) for at in range(4)], components, made)
    if kind == "NR":
        return _between(_part(components, 0), _part(components, 1), made) or _joined(components)
    if kind in _TIMES:
        text = _part(components, 0)
        spelt = text if kind == "TM" else local_time.of_dtm(text, zone)
        return {_TIMES[kind]: spelt}
    if kind in _TEXTS:
        return _joined(components)
    return {"valueAttachment": {"title": kind}}


def _structured(
    parts: list[str], components: Sequence[Sequence[str]], made: Record
) -> dict[str, Any] | str:
    """SN: comparator, number, separator, number."""
    sign, first, mark, second = parts
    if sign in _COMPARATORS and is_number(first) and not mark and not second:
        return {"valueQuantity": quantity(first, made, "" if sign == "=" else sign)}
    if sign in ("", "=") and is_number(first) and is_number(second):
        if mark == "-":
            return _between(first, second, made) or _joined(components)
        if mark in (":", "/"):
            one = Record(made.patient)
            return {
                "valueRatio": {
                    "numerator": quantity(first, one),
                    "denominator": quantity(second, one),
                }
            }
    return " ".join(part for part in parts if part) or _joined(components)


def _between(low: str, high: str, made: Record) -> dict[str, Any] | None:
    ends = {name: one for name, one in (("low", low), ("high", high)) if one}
    if not ends or not all(is_number(one) for one in ends.values()):
        return None
    return {"valueRange": {name: quantity(one, made) for name, one in ends.items()}}


def _joined(components: Sequence[Sequence[str]]) -> str:
    return "^".join("&".join(parts) for parts in components).strip()


def _specimen(order: Order) -> tuple[str, list[Code]]:
    """The specimen's name and codes; of several that differ only the names."""
    known = words()
    found: list[tuple[str, tuple[Code, ...]]] = []
    for one in order.specimens:
        codes = codes_of(one.repeats(4)[0])
        bound = [c._replace(system=c.system or known["table_of_specimens"]) for c in codes]
        entry = (shown(one.text(4, 9) or one.text(4, 2)), tuple(bound))
        if any(entry) and entry not in found:
            found.append(entry)
    if not found and order.request is not None:
        source = order.request.repeats(15)[0][0]
        code, text, name = ((*source, "", "", "")[at].strip() for at in range(3))
        system = system_of(name) or known["table_of_specimen_sources"]
        codes = [Code(system, code, shown(text))] if code else []
        if code in known["same_in_both"] and system == known["table_of_specimen_sources"]:
            codes.append(Code(known["table_of_specimens"], code))
        return shown(text), codes
    if len(found) == 1:
        return found[0][0], list(found[0][1])
    return " / ".join(text or codes[0].code for text, codes in found), []


def _comments(result: Result) -> list[str]:
    texts = []
    for note in result.notes:
        text = "\n".join(_joined(one) for one in note.repeats(3))
        if text.strip():
            texts.append(shown(text.strip()))
    return texts


def _condition(order: Order) -> list[Code]:
    """SPM-24, the condition of the one specimen (haemolysed …)."""
    if len(order.specimens) != 1:
        return []
    found = []
    for one in order.specimens[0].repeats(24):
        for code in codes_of(one):
            bound = code.system or words()["table_of_conditions"]
            found.append(code._replace(system=bound))
    return found
