"""What was refused, what is missing, what is to be remarked: issues of an OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corrin import terminology
from corrin.notes.report import Missing, Report
from corrin.notes.sentence import capital
from corrin.render.fhir import naming, words
from corrin.render.fhir.words import exact, fit
from corrin.render.words import dated

Issue = dict[str, Any]


def issues(report: Report, base: str) -> list[Issue]:
    """One issue per refusal (warning), and per missing input, remark and notice (information).

    That the rules are not for this person is a warning: nothing else in the answer would be.
    """
    system = naming.system(base, "reason")
    level = ("information", "informational") if report.in_scope else ("warning", "not-supported")
    return [
        *_refused(report, system),
        *_missing(report, system),
        *_remarks(report, system),
        *(
            {"severity": level[0], "code": level[1], "details": {"text": fit(notice)}}
            for notice in report.notices
        ),
    ]


def _refused(report: Report, system: str) -> Iterator[Issue]:
    kinds = words.load().issues
    for one in report.refusals:
        about = f"{one.label}: " if one.label else ""
        said = " ".join(part for part in (one.says, one.remedy) if part)
        yield _issue(
            "warning",
            kinds.get(one.reason, "value"),
            {"system": system, "code": one.reason, "display": exact(one.says)},
            fit(f"{about}{said}"),
            one.path,
        )


def _missing(report: Report, system: str) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    for status in report.statuses.values():
        for one in status.missing:
            if (one.name, one.reason) not in seen:
                seen.add((one.name, one.reason))
                yield missing(one, system)


def missing(one: Missing, system: str) -> Issue:
    """An input that would have been used and could not be."""
    return _issue(
        "information",
        "incomplete",
        {"system": system, "code": one.reason},
        fit(f"{one.label}: {one.says}"),
        "",
    )


def on_order(test: str, when: str) -> Issue:
    """A test that would have been proposed, were it not ordered already (``when``, or ``""``)."""
    name = capital(terminology.load().analytes[test].name)
    name += f" ({dated(when)})" if when else ""
    text = words.load().on_order.format(test=name)
    return {"severity": "information", "code": "informational", "details": {"text": fit(text)}}


def _remarks(report: Report, system: str) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    marked = [(one.label, one.path, one.flags) for one in report.values]
    # What was stated has no path of its own, and one entry can state several things.
    marked += [(one.label, "", one.flags) for one in report.context]
    for label, path, flags in marked:
        for flag in flags:
            if (path or label, flag.code) not in seen:
                seen.add((path or label, flag.code))
                yield _issue(
                    "information",
                    "informational",
                    {"system": system, "code": flag.code, "display": exact(flag.says)},
                    fit(f"{label}: {flag.says}"),
                    path,
                )


def _issue(
    severity: str, code: str, coding: dict[str, str], text: str, path: str
) -> dict[str, Any]:
    found: Issue = {
        "severity": severity,
        "code": code,
        "details": {"coding": [coding], "text": text},
    }
    if path:
        found["expression"] = [exact(path)]
    return found
