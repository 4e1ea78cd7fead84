"""Guidelines side by side: what each says, and what makes the difference, found by trying."""

from __future__ import annotations

import gc
import json
import random
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

import corrin
from corrin import intake
from corrin.abreast import text as abreast
from corrin.cli.trouble import ExitCode
from corrin.comparison.comparer import Comparer
from corrin.comparison.side_by_side import Comparison
from corrin.interpretation import choose_reading, moment_of
from corrin.language import tree
from corrin.packs.library import open_library
from corrin.render.sheet import Sheet
from support import places
from support.command import run
from unit.own_packs import b12, framework, homocysteine, observation, person, potassium, text
from unit.test_cli import troubled

AS_OF = "2026-11-01"
FRAMEWORKS = ("ng239", "aafp-2025", "mayo-acasm", "labcorp-141503", "bsh-2014", "nih-ods")
REQUESTS = sorted(places.CASES.glob("*/request.json"))


def compared(bundle: object, *packs: str | Path, as_of: str = AS_OF) -> Comparison:
    return corrin.compare(bundle, packs=[str(one) for one in packs], as_of=as_of)  # type: ignore[arg-type]


@cache
def comparer(*packs: str) -> Comparer:
    """What compares by some packs, made once for all requests."""
    library = open_library().sound()
    return Comparer(library, library.profiles["uk"], packs, corrin.__version__)


def compared_by(packs: Sequence[str], data: bytes) -> Comparison:
    """The same as :func:`compared`, by a comparer that has compared others before."""
    reading = intake.read(data)
    return comparer(*packs).compare(choose_reading(reading, moment_of(AS_OF, reading), "uk"))


def test_a_comparer_used_before_says_what_a_new_one_says() -> None:
    bundles = [text(person(b12(160))), text(person(b12(190), homocysteine(22)))]
    found = [compared_by(FRAMEWORKS, data).to_json() for data in bundles]
    assert found == [compared(data, *FRAMEWORKS).to_json() for data in bundles]


def shown(found: Comparison) -> str:
    page = Sheet(80)
    abreast.put(page, found)
    return page.plain()


def test_one_cutoff_makes_the_difference() -> None:
    found = compared(person(b12(160)), "ng239", "mayo-acasm")
    statuses = [column.status.status for column in found.columns if column.status is not None]
    assert statuses == ["deficiency_confirmed", "indeterminate"]
    (difference,) = found.differences
    assert (difference.first, difference.second) == ("ng239", "mayo-acasm")
    assert difference.kind == "threshold"
    assert [cutoff.name for cutoff in difference.cutoffs] == ["total_b12_low"]
    assert [c.first for c in difference.cutoffs] == ["180 ng/L"]
    assert [c.second for c in difference.cutoffs] == ["150 ng/L"]


def test_what_is_said_to_make_the_difference_does(tmp_path: Path) -> None:
    """Written into a copy of the pack by hand, the figure of the other turns the status."""
    made = Path(shutil.copytree(places.RULES / "packs" / "ng239", tmp_path / "copied"))
    shutil.rmtree(made / "rules")
    head = (made / "pack.yaml").read_text("utf-8").replace("id: ng239\n", "id: copied\n")
    (made / "pack.yaml").write_text(head, "utf-8")
    cuts = (made / "thresholds.yaml").read_text("utf-8")
    assert "value: {ng/L: 180, pmol/L: 133}" in cuts
    cuts = cuts.replace("value: {ng/L: 180, pmol/L: 133}", "value: {ng/L: 150, pmol/L: 111}")
    (made / "thresholds.yaml").write_text(cuts, "utf-8")
    assert compared(person(b12(160)), "mayo-acasm", made).differences == ()
    (difference,) = compared(person(b12(160)), "ng239", made).differences
    assert [cutoff.name for cutoff in difference.cutoffs] == ["total_b12_low"]


def test_comparing_again_and_again_keeps_nothing() -> None:
    library = open_library().sound()
    comparer = Comparer(library, library.profiles["uk"], ["ng239", "mayo-acasm"], "0")
    reading = intake.read(text(person(b12(160))))
    case = choose_reading(reading, moment_of("2026-11-01", reading), "uk")

    def conditions_kept() -> int:
        gc.collect()
        # Not isinstance: it asks what a weak reference led to, which may be gone.
        return sum(type(one) is tree.Compare for one in gc.get_objects())

    first = comparer.compare(case)
    assert first.differences
    kept = conditions_kept()
    assert all(comparer.compare(case) == first for _ in range(3))
    assert conditions_kept() == kept


def test_two_cutoffs_only_together(tmp_path: Path) -> None:
    one = framework(tmp_path, "frame-one", 150, 15)
    other = framework(tmp_path, "frame-other", 200, 10)
    found = compared(person(b12(190), homocysteine(12)), one, other)
    (difference,) = found.differences
    assert difference.kind == "thresholds together"
    assert [c.name for c in difference.cutoffs] == ["total_b12_low", "homocysteine_upper"]
    assert "none of them alone" in shown(found)


def test_no_shared_cutoff_then_the_rows(tmp_path: Path) -> None:
    one = framework(tmp_path, "frame-one", 150, 15)
    found = compared(person(b12(120)), one, "ng239")
    (difference,) = found.differences
    assert difference.kind == "table" and difference.cutoffs == ()
    assert difference.first_row.id == "either" and difference.second_row.id is not None
    said = shown(found)
    assert "One speaks for it." in said and f"row {difference.second_row.id}" in said


def test_frameworks_that_agree_have_no_difference() -> None:
    found = compared(person(b12(90)), "ng239", "aafp-2025")
    assert found.differences == () and "say the same" in found.headline


def test_what_is_urgent_stands_beside_every_framework() -> None:
    found = compared(person(b12(160), potassium(2.3)), "ng239", "aafp-2025")
    (first, *_) = found.urgent
    assert first.urgency == "emergency" and first.given_by == ("ng239", "aafp-2025")
    said = shown(found)
    assert said.index("EMERGENCY") < said.index("Version")


def test_a_withdrawn_status_is_told() -> None:
    data = (places.CASES / "injection-before-sample" / "request.json").read_bytes()
    found = compared(data, "ng239", "bsh-2014")
    withdrawn = [one for column in found.columns for one in column.withdrawn]
    assert withdrawn and all(one.says and one.because and one.confounder for one in withdrawn)
    assert "Withdrawn" in shown(found)


def test_each_is_named_with_version_and_date() -> None:
    """TR-02: which framework was used is always said."""
    said = " ".join(shown(compared(person(b12(160)), "ng239", "nih-ods")).split())
    for name in ("ng239", "nih-ods"):
        head = open_library().packs[name].pack.head
        assert f"version {head.version} of {head.date}" in said


@pytest.mark.parametrize("request_file", REQUESTS, ids=lambda file: file.parent.name)
def test_a_column_says_what_interpreting_says(request_file: Path) -> None:
    """The framework of the profile says the same alone and beside another; the text fits.

    Each request meets one of the others here, so that every one of them meets thirty requests.
    """
    other = FRAMEWORKS[1 + REQUESTS.index(request_file) % (len(FRAMEWORKS) - 1)]
    hold_beside(request_file, FRAMEWORKS[0], other)


@pytest.mark.soak
@pytest.mark.parametrize("request_file", REQUESTS, ids=lambda file: file.parent.name)
def test_every_column_says_what_interpreting_says(request_file: Path) -> None:
    """All of the others beside it, for every request."""
    hold_beside(request_file, *FRAMEWORKS)


def hold_beside(request_file: Path, *packs: str) -> None:
    """Hold a comparison of one request against its interpretation."""
    data = request_file.read_bytes()
    try:
        report = corrin.interpret(data, as_of=AS_OF)
    except corrin.IntakeError:
        with pytest.raises(corrin.IntakeError):
            compared(data, *packs)
        return
    found = compared_by(packs, data)
    assert found.columns[0].status == report.statuses.get("b12_status")
    assert found.facts_digest == report.facts_digest
    urgent = {n.rule for n in report.notes if n.urgency in ("emergency", "urgent")}
    assert urgent == {one.rule for one in found.urgent if "ng239" in one.given_by}
    for line in shown(found).splitlines():
        assert len(line) <= 80 and line == line.rstrip()
    differing = {
        column.framework.name
        for column in found.columns
        if column.status is not None
        and (column.status.status, column.status.possible) != _said(found, 0)
    }
    assert {one.second for one in found.differences} == differing
    for one in found.differences:
        assert (one.kind == "table") == (not one.cutoffs)


def _said(found: Comparison, index: int) -> tuple[object, object]:
    status = found.columns[index].status
    assert status is not None
    return status.status, status.possible


def test_the_order_of_entries_and_of_packs_changes_nothing() -> None:
    bundle = person(b12(190), homocysteine(22), observation("13964-2", 0.5, "umol/L"))
    first = compared(bundle, *FRAMEWORKS[:3])
    random.Random(3).shuffle(bundle["entry"])
    assert compared(bundle, *FRAMEWORKS[:3]).to_json() == first.to_json()
    turned = compared(bundle, *reversed(FRAMEWORKS[:3]))
    by_name = {column.framework.name: column.status for column in turned.columns}
    assert by_name == {column.framework.name: column.status for column in first.columns}


def test_a_difference_is_the_same_from_either_side() -> None:
    one = compared(person(b12(160)), "ng239", "mayo-acasm").differences[0]
    other = compared(person(b12(160)), "mayo-acasm", "ng239").differences[0]
    assert [c.name for c in one.cutoffs] == [c.name for c in other.cutoffs]
    assert [c.first for c in one.cutoffs] == [c.second for c in other.cutoffs]


def test_an_earlier_version_leaves_the_rest_as_it_is() -> None:
    library = open_library()
    standing = dict(library.packs)
    found = compared(person(b12(160)), "ng239@1.0.0", "mayo-acasm")
    assert found.columns[0].framework.version == "1.0.0"
    assert dict(open_library().packs) == standing


def test_a_child_is_outside_the_scope() -> None:
    bundle = person(b12(160))
    bundle["entry"][0]["resource"]["birthDate"] = "2016-01-01"
    found = compared(bundle, "ng239", "aafp-2025")
    assert not found.in_scope and found.differences == ()
    assert all(column.status is None for column in found.columns)
    assert "outside" in shown(found).lower() and found.statement[:40] in shown(found)


@pytest.mark.parametrize(
    ("packs", "said"),
    [
        ("ng239,safety", "does not decide"),
        ("ng239,nowhere", "no pack called"),
        ("ng239,ng239@9.9.9", "no version 9.9.9"),
        ("ng239,ng239", "the same content"),
        ("ng239", "at least two"),
        ("ng239,", "empty"),
        ("ng239,/", "no pack in the folder"),
    ],
)
def test_a_question_that_cannot_be_asked(tmp_path: Path, packs: str, said: str) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(text(person(b12(160))))
    told = troubled(run("compare", str(file), "--packs", packs), ExitCode.USAGE)
    assert said in " ".join(told.split())


def test_those_that_decide_are_named(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(text(person(b12(160))))
    told = troubled(run("compare", str(file), "--packs", "ng239,cramps"), ExitCode.USAGE)
    assert all(name in told for name in FRAMEWORKS)


def test_a_broken_folder_is_told_with_its_line(tmp_path: Path) -> None:
    made = framework(tmp_path, "frame-one", 150, 15)
    (made / "thresholds.yaml").write_text("total_b12_low: {analyte: [\n", "utf-8")
    file = tmp_path / "request.json"
    file.write_bytes(text(person(b12(160))))
    ran = run("compare", str(file), "--packs", f"ng239,{made}")
    told = "".join(troubled(ran, ExitCode.CONTENT).split())
    assert "thresholds.yaml:2" in told


def test_the_command_and_its_published_form(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(text(person(b12(160))))
    packs = ("--packs", "ng239,mayo-acasm", "--as-of", AS_OF)
    ran = run("compare", str(file), *packs, "--format", "json")
    assert ran.returncode == 0, ran.stderr.decode()
    assert Comparison.model_validate_json(ran.stdout) == compared(
        file.read_bytes(), *packs[1].split(",")
    )
    schema = json.loads(run("schema", "--comparison").stdout)
    assert set(json.loads(ran.stdout)) <= set(schema["properties"])
    said = run("compare", "-", *packs, stdin=file.read_bytes()).stdout.decode()
    assert "total_b12_low: 180 ng/L against 150 ng/L." in said
    assert all(len(line) <= 80 for line in said.splitlines())


@pytest.mark.samples
def test_public_bundles_can_be_compared(samples: Path) -> None:
    tried = 0
    for file in sorted(samples.rglob("*.json"))[:40]:
        if file.stat().st_size > 2_000_000:
            continue
        try:
            found = compared_by(("ng239", "aafp-2025"), file.read_bytes())
        except corrin.IntakeError:
            continue
        tried += 1
        assert shown(found)
    assert tried
