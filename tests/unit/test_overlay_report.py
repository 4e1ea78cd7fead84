"""What a report says under a site file, and that nothing which always runs is lost by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corrin import UsageError, interpret
from corrin.cli.trouble import ExitCode
from corrin.notes.report import Report
from corrin.packs.finding import ContentProblem
from corrin.render import html, text
from support import places
from support.command import run
from support.fhir import dumps, observation, patient, quantity
from support.site import B12_CV_5, TOTAL_200, cut_off, site
from unit.test_cli import troubled

AS_OF = "2026-11-01"
EXAMPLE = places.ROOT / "fixtures" / "site" / "example.yaml"
DEMO = places.CASES / "demo" / "request.json"


def asked(value: Any, *sections: str, unit: str = "ng/L", **more: Any) -> Report:
    given = [patient(), observation(valueQuantity=quantity(value, unit, **more))]
    overlay = site(*sections) if sections else None
    return interpret(dumps(given), as_of=AS_OF, overlay=overlay)


def status_of(report: Report) -> str | None:
    return report.statuses["b12_status"].status


def test_without_a_site_file_nothing_speaks_of_one() -> None:
    report = asked(190)
    assert report.overlay is None and not report.statuses["b12_status"].fragile
    assert all(used.set_by is None for used in report.statuses["b12_status"].thresholds)
    assert "site" not in text.render(report, explain=True).lower()


def test_a_moved_cut_off_decides_and_says_whose_it_is() -> None:
    upstream, report = asked(190), asked(190, TOTAL_200)
    assert (status_of(upstream), status_of(report)) == ("indeterminate", "deficiency_confirmed")
    status = report.statuses["b12_status"]
    (used,) = [one for one in status.thresholds if one.name == "total_b12_low"]
    assert used.used == "200 ng/L" and used.published == ("200 ng/L", "148 pmol/L")
    assert used.set_by == "test-site@1.2.0" and used.source == "report 7"
    assert used.evidence == () and used.in_force_from is None
    assert used.upstream is not None and used.upstream.published == ("180 ng/L", "133 pmol/L")
    assert [row.row for row in used.upstream.evidence] == ["B12-01"]
    assert "set by the site: 200 ng/L (guideline: 180 ng/L and 133 pmol/L)" in status.because
    (note,) = [one for one in report.notes if one.rule == "b12-confirmed-total"]
    assert not note.verified and note.by_site == ("cut-off total_b12_low",)
    assert "200 ng/L (set by the site)" in note.summary and len(note.summary) <= 140
    assert any("set by the site" in limit for limit in note.limits)
    for explain in (True, False):
        for said in (text.render(report, explain=explain), html.render(report, explain)):
            folded = " ".join(said.split())
            assert "set by the site, test-site@1.2.0 (guideline: 180 ng/L and 133" in folded
            assert "site file test-site@1.2.0" in folded


def test_the_laboratorys_own_limit_is_not_called_the_sites() -> None:
    section = cut_off("ng239", "mma_upper", "{umol/L: 0.3}")
    given = [
        patient(),
        observation(valueQuantity=quantity(250)),
        observation(
            id="mma",
            code={"coding": [{"system": "http://loinc.org", "code": "13964-2"}]},
            valueQuantity=quantity(0.5, "umol/L"),
            referenceRange=[{"high": quantity(0.4, "umol/L")}],
        ),
    ]
    report = interpret(dumps(given), as_of=AS_OF, overlay=site(section))
    used = [one for one in report.statuses["b12_status"].thresholds if one.name == "mma_upper"]
    assert used and all(one.set_by is None and "own limit" in one.used for one in used)


def test_the_report_names_the_site_file_and_each_change() -> None:
    report = interpret(DEMO.read_bytes(), as_of=AS_OF, overlay=EXAMPLE)
    assert report.overlay is not None and report.overlay.digest.startswith("sha256:")
    assert len(report.overlay.changes) == 4
    plain = interpret(DEMO.read_bytes(), as_of=AS_OF)
    assert report.facts_digest == plain.facts_digest
    assert [p.digest for p in report.packs] == [p.digest for p in plain.packs]


def test_the_same_site_file_gives_the_same_bytes() -> None:
    one = interpret(DEMO.read_bytes(), as_of=AS_OF, overlay=EXAMPLE)
    two = interpret(DEMO.read_bytes(), as_of=AS_OF, overlay=str(EXAMPLE))
    three = interpret(DEMO.read_bytes(), as_of=AS_OF, overlay=b"# x\n" + EXAMPLE.read_bytes())
    assert one.to_json() == two.to_json() == three.to_json()


def test_wording_is_marked_as_the_sites() -> None:
    rule = next(one.rule for one in asked(250).notes if one.pack != "safety")
    report = asked(250, f"wording:\n  {rule}:\n    detail: Consider our leaflet 12.\n")
    (note,) = [one for one in report.notes if one.rule == rule]
    assert note.detail == "Consider our leaflet 12." and note.by_site == ("detail",)


def test_what_is_not_available_is_named_so_and_comes_last() -> None:
    report = asked(250, "tests: {unavailable: [mma]}")
    status = report.statuses["b12_status"]
    (mma,) = [one for one in status.settle if one.name == "mma"]
    assert not mma.available and status.settle[-1] == mma
    assert [one.available for one in status.settle] == sorted(
        (one.available for one in status.settle), reverse=True
    )
    plain = asked(250).statuses["b12_status"]
    assert {one.name for one in plain.settle} == {one.name for one in status.settle}
    assert {one.name for one in plain.missing} == {one.name for one in status.missing}
    assert all(
        one.available is (one.name != "mma") and ("Not available" in one.says) is not one.available
        for part in (status.missing, *(note.missing for note in report.notes))
        for one in part
    )
    assert "not available at this site" in text.render(report).lower()
    assert "not available at this site" in html.render(report).lower()


def test_only_what_is_available_may_be_named_instead() -> None:
    status = asked(250, "tests: {available: [total_b12, mma]}").statuses["b12_status"]
    assert {one.name for one in status.settle if one.available} <= {"mma", "total_b12"} | {
        one.name for one in asked(250).statuses["b12_status"].settle if one.name == "pregnant"
    }


# --- near a cut-off ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (345, ["deficiency_unlikely"]),
        (190, ["deficiency_confirmed"]),
        (250, []),
        (200, []),  # 180 to 220, and at 180 it is indeterminate still
        (199, ["deficiency_confirmed"]),
        (390, []),  # 351 to 429
        (388, ["indeterminate"]),
    ],
)
def test_a_status_near_a_cut_off_is_fragile(value: int, others: list[str]) -> None:
    plain = asked(value).statuses["b12_status"]
    status = asked(value, B12_CV_5).statuses["b12_status"]
    found = [word.code for one in status.fragile for word in one.could_be]
    assert found == others
    assert (plain.status, plain.urgency) == (status.status, status.urgency)
    if others:
        (one,) = status.fragile
        assert one.within == "± 10 % (2 x CV 5 %, about 95 %)"
        report = asked(value, B12_CV_5)
        assert one.says in " ".join(text.render(report).replace("Fragile", "").split())
        assert "Fragile" in html.render(report)


def test_a_standard_deviation_is_converted_to_the_unit_of_the_value() -> None:
    section = "imprecision:\n  total_b12: {sd: 6 ng/L, because: control}\n"
    assert asked(345, section).statuses["b12_status"].fragile
    assert not asked(335, section).statuses["b12_status"].fragile
    assert asked(251, section, unit="pmol/L").statuses["b12_status"].fragile
    assert not asked(248, section, unit="pmol/L").statuses["b12_status"].fragile


def test_a_censored_value_is_open_and_not_fragile() -> None:
    status = asked(200, B12_CV_5, comparator="<").statuses["b12_status"]
    assert status.status is None and not status.fragile


# --- what always runs -------------------------------------------------------------------------

FAR = (
    "thresholds:\n  ng239:\n"
    "    total_b12_low: {value: {ng/L: 11, pmol/L: 10}, because: x, source: y}\n"
    "    total_b12_high: {value: {ng/L: 12, pmol/L: 11}, because: x, source: y}\n"
    "    mma_upper: {value: {umol/L: 90}, because: x, source: y}\n"
    "    mma_marked: {value: {umol/L: 95}, because: x, source: y}\n"
)


def test_no_moved_cut_off_silences_a_note_that_always_runs() -> None:
    """Over every example request: each safety note there is without a site file is there with."""
    for case in sorted(places.CASES.glob("*/request.json")):
        try:
            plain = interpret(case.read_bytes(), as_of=AS_OF)
        except ValueError:
            continue
        moved = interpret(case.read_bytes(), as_of=AS_OF, overlay=site(FAR))
        wanted = {note.rule for note in plain.notes if note.pack == "safety"}
        there = {note.rule for note in moved.notes if note.pack == "safety"}
        assert wanted <= there, case.parent.name


def test_a_note_kept_by_published_cut_offs_says_so() -> None:
    report = interpret(DEMO.read_bytes(), as_of=AS_OF, overlay=site(FAR))
    (note,) = [n for n in report.notes if n.rule == "sensory-symptom-with-deficiency"]
    assert any("published cut-offs" in limit for limit in note.limits)
    assert note.rule not in {one.rule for one in report.cannot_say}


# --- the doors --------------------------------------------------------------------------------


def test_a_site_file_with_an_error_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(site("based_on: uk", cut_off("ng239", "nope", "{ng/L: 1}")))
    with pytest.raises(ContentProblem):
        asked(190, cut_off("ng239", "nope", "{ng/L: 1}"))
    said = troubled(run("interpret", str(DEMO), "--overlay", str(file)), ExitCode.CONTENT)
    assert "site.yaml:9" in "".join(said.split()) and "nope" in said
    checked = run("rules", "check", "--overlay", str(file), "--format", "json")
    assert checked.returncode == ExitCode.CONTENT
    findings = json.loads(checked.stdout)["findings"]
    assert any(f["code"] == "unknown-threshold" and f["line"] == 9 for f in findings)


def test_a_site_file_that_is_not_there() -> None:
    troubled(run("interpret", str(DEMO), "--overlay", "/no/such/site.yaml"), ExitCode.FILE)
    with pytest.raises(UsageError):
        interpret(DEMO.read_bytes(), as_of=AS_OF, overlay="/no/such/site.yaml")


def test_a_site_file_for_another_profile() -> None:
    with pytest.raises((UsageError, ContentProblem)):
        asked(190, "based_on: us")


def test_the_difference_is_shown_and_turned_examples_are_no_failures() -> None:
    ran = run("rules", "check", "--overlay", str(EXAMPLE), "--format", "json")
    answer = json.loads(ran.stdout)
    assert answer["overlay"]["id"] == "example-site"
    first = answer["overlay"]["changes"][0]
    assert (first["old"], first["new"]) == (
        "180 ng/L and 133 pmol/L",
        "200 ng/L and 148 pmol/L",
    )
    shown = run("rules", "check", "--overlay", str(EXAMPLE)).stdout.decode()
    assert "180 ng/L and 133 pmol/L" in shown and "200 ng/L and 148 pmol/L" in shown
    tried = run("rules", "test", "--overlay", str(EXAMPLE))
    said = tried.stdout.decode()
    assert tried.returncode == 0, said
    assert "changed by the overlay" in said and "b12-confirmed-total" in said


def test_the_schema_of_a_site_file() -> None:
    schema = json.loads(run("schema", "--overlay").stdout)
    assert {"thresholds", "wording", "tests", "imprecision"} <= set(schema["properties"])
    assert "180" not in json.dumps(schema)


def test_the_page_shows_the_example_that_runs() -> None:
    page = (places.ROOT / "docs" / "site-files.md").read_text(encoding="utf-8")
    assert f"```yaml\n{EXAMPLE.read_text(encoding='utf-8')}```" in page
    for name in ("thresholds", "wording", "tests", "imprecision"):
        assert f"| `{name}` |" in page
    said = "Cut-off total_b12_low set by the site: 200 ng/L (guideline: 180 ng/L and 133 pmol/L)"
    assert said in page
    given = dumps([patient(), observation(valueQuantity=quantity(190))])
    report = interpret(given, as_of=AS_OF, overlay=EXAMPLE)
    assert said in report.statuses["b12_status"].because
    assert report.statuses["b12_status"].fragile


def test_two_site_files_in_another_order_are_told_each_in_its_own() -> None:
    parts = [f"  {name}: {{cv: 5 %, because: control}}" for name in ("total_b12", "mma")]
    told = [asked(190, "imprecision:", *order).overlay for order in (parts, parts[::-1])]
    assert told[0] is not None and told[1] is not None and told[0].digest == told[1].digest
    assert told[0].changes == told[1].changes[::-1] != told[1].changes
