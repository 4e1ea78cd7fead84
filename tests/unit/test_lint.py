"""Each kind of finding is found, at its place, when content is spoilt in that way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from corrin.content import rules_root
from corrin.packs import finding
from corrin.packs.library import open_library
from corrin.packs.lint import lint

PACK = """\
id: probe
title: A pack to spoil
version: 1.0.0
date: 2026-11-20
in_force: {from: 2024-03-06}
purpose: to be spoilt
owner: tests
citations: [{title: none, publisher: none}]
source_attributes: {citation: x, developer: x, funding: x, release_and_revision: x, race: x,
  ethnicity: x, language: x, sexual_orientation: x, gender_identity: x, sex: x,
  date_of_birth: x, social_determinants: x, health_status_assessments: x}
"""
THRESHOLDS = """\
probe_low: {analyte: total_b12, meaning: low, value: {ng/L: 180}, evidence: [B12-04]}
probe_age:
  analyte: mma
  meaning: by age
  variants:
    - {when: "age < 50 'a'", value: {umol/L: 0.28}}
    - {when: "age >= 50 'a'", value: {umol/L: 0.36}}
  evidence: [B12-04]
"""
DEFINITIONS = "probe_sign: {means: a sign, when: ataxia or numbness}\n"
DECISIONS = """\
probe_status:
  title: Probe
  statuses: {low: {says: low, urgency: soon}, fine: {says: fine, urgency: routine}}
  rows:
    - {id: is-low, when: total_b12 < probe_low, status: low, because: low, evidence: [B12-04]}
    - {id: by-age, when: mma > probe_age, status: low, because: high, evidence: [B12-04]}
  otherwise: fine
  otherwise_because: nothing else
  settled_by: [mma]
  evidence: [B12-04]
  cases:
    - {given: {total_b12: "150 ng/L"}, expect: low, row: is-low}
    - {given: {mma: "1 umol/L"}, expect: low, row: by-age}
"""
RESTRICTIONS = """\
- id: probe-restriction
  topic: probe_status
  when: pregnant
  withdraws: [fine]
  replaced_by: low
  confounder: pregnancy
  because: probe
  evidence: [B12-04]
  cases: [{given: {pregnant: true}, expect: fires}]
"""
RULE = """\
id: probe-rule
title: Probe
status: source-checked
when: total_b12 < probe_low and probe_sign
belongs_to: {probe_status: [low]}
note:
  urgency: soon
  topic: b12_status
  summary: "B12 {total_b12} is below {probe_low}"
  detail: Consider something.
asks: [mma]
evidence: [B12-04]
cases: [{given: {total_b12: "150 ng/L", ataxia: true}, expect: fires}]
"""
FILES = {
    "pack.yaml": PACK,
    "thresholds.yaml": THRESHOLDS,
    "definitions.yaml": DEFINITIONS,
    "decisions.yaml": DECISIONS,
    "restrictions.yaml": RESTRICTIONS,
    "rules/probe.yaml": RULE,
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content folder without its packs, and one sound pack."""
    root = tmp_path_factory.mktemp("content")
    shutil.copytree(rules_root(), root, dirs_exist_ok=True)
    shutil.rmtree(root / "packs")
    shutil.rmtree(root / "profiles")
    (root / "profiles").mkdir()
    return root


def found(content: Path, **changed: str) -> list[finding.Finding]:
    """The findings about the probe pack with some of its files replaced."""
    pack = content / "packs" / "probe"
    shutil.rmtree(pack, ignore_errors=True)
    for name, text in {**FILES, **changed}.items():
        file = pack / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return list(lint(open_library(content)))


def test_the_sound_pack_has_no_finding(content: Path) -> None:
    assert [str(one) for one in found(content)] == []


SPOILT: list[tuple[type[finding.Finding], str, str, str]] = [
    (finding.Unreadable, "rules/probe.yaml", "title: Probe", "title: [Probe"),
    (finding.Unreadable, "rules/probe.yaml", "title: Probe", "title: Probe\ntitle: Probe"),
    (finding.WrongShape, "rules/probe.yaml", "title: Probe", "titel: Probe"),
    (finding.WrongShape, "rules/probe.yaml", "urgency: soon", "urgency: never"),
    (finding.BadCondition, "rules/probe.yaml", "and probe_sign", "and and probe_sign"),
    (finding.Misfitting, "rules/probe.yaml", "total_b12 < probe_low", "mma < probe_low"),
    (finding.Misfitting, "rules/probe.yaml", "and probe_sign", "and probe_sing"),
    (finding.Misfitting, "thresholds.yaml", "ng/L: 180", "fL: 180"),
    (finding.CircularDefinition, "definitions.yaml", "numbness", "probe_sign"),
    (finding.DuplicateId, "rules/probe.yaml", RULE, RULE + "---\n" + RULE),
    (finding.UnknownPack, "pack.yaml", "owner: tests", "owner: tests\nuses: [nowhere]"),
    (finding.CircularUse, "pack.yaml", "owner: tests", "owner: tests\nuses: [probe]"),
    (finding.UnknownEvidence, "rules/probe.yaml", "evidence: [B12-04]", "evidence: [B12-99]"),
    (finding.StatusTooHigh, "rules/probe.yaml", "evidence: [B12-04]", "evidence: [B12-12]"),
    (finding.StatusTooLow, "rules/probe.yaml", "status: source-checked", "status: draft"),
    (
        finding.ReviewedByNobody,
        "rules/probe.yaml",
        "status: source-checked",
        "status: clinician-reviewed",
    ),
    (finding.LiteralWhereThreshold, "rules/probe.yaml", "< probe_low", "< 180 'ng/L'"),
    (finding.UnknownPlaceholder, "rules/probe.yaml", "{probe_low}", "{probe_lo}"),
    (finding.UnknownPlaceholder, "rules/probe.yaml", "{probe_low}", "{Probe low}"),
    (finding.UnknownStatus, "rules/probe.yaml", "[low]", "[high]"),
    (finding.UnknownStatus, "decisions.yaml", "otherwise: fine", "otherwise: well"),
    (finding.UnknownStatus, "restrictions.yaml", "replaced_by: low", "replaced_by: lower"),
    (finding.UnknownTopic, "rules/probe.yaml", "{probe_status:", "{other_status:"),
    (finding.DeadRow, "decisions.yaml", ", row: by-age", ""),
    (finding.DeadRow, "decisions.yaml", "mma > probe_age", "total_b12 < probe_low"),
    (finding.DeadRule, "rules/probe.yaml", "expect: fires", "expect: silent"),
    (finding.UnusedThreshold, "decisions.yaml", "mma > probe_age", "mma is not null"),
    (finding.VariantGap, "thresholds.yaml", "age < 50", "age < 40"),
    (finding.VariantGap, "thresholds.yaml", "age < 50", "age < 60"),
    (finding.LongSummary, "rules/probe.yaml", "is below", "is below " + "x" * 140),
    (finding.LongSummary, "rules/probe.yaml", "is below", "is " + "{total_b12} " * 10 + "below"),
    (finding.LongDetail, "rules/probe.yaml", "Consider something.", "Consider " + "one " * 110),
    (finding.UnknownNoteTopic, "rules/probe.yaml", "topic: b12_status", "topic: b12_state"),
    (finding.OrderingWord, "rules/probe.yaml", "Consider something.", "Prescribe something."),
    (
        finding.DiagnosingWord,
        "rules/probe.yaml",
        "Consider something.",
        "The patient has a deficiency.",
    ),
    (finding.UnquotedDose, "rules/probe.yaml", "Consider something.", "Consider 1 mg daily."),
    (finding.UnknownUse, "rules/probe.yaml", "asks: [mma]", "asks: [mmma]"),
]


@pytest.mark.parametrize(
    ("kind", "file", "old", "new"),
    SPOILT,
    ids=[f"{k.code}-{i}" for i, (k, *_) in enumerate(SPOILT)],
)
def test_spoilt_content_is_found(
    content: Path, kind: type[finding.Finding], file: str, old: str, new: str
) -> None:
    assert old in FILES[file]
    findings = found(content, **{file: FILES[file].replace(old, new)})
    places = [one for one in findings if isinstance(one, kind)]
    assert places, [str(one) for one in findings]
    assert all(one.place.file.startswith("packs/probe/") for one in places)
    assert str(places[0]).startswith(f"{places[0].place.file}:{places[0].place.line}: ")


def test_every_kind_of_finding_is_tried() -> None:
    kinds = [one for one in finding.Finding.__subclasses__() if one.__module__ == finding.__name__]
    tried_with_own_packs = finding.AnotherVersion
    assert {kind for kind, *_ in SPOILT} == set(kinds) - {tried_with_own_packs}


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("decisions.yaml", "mma > probe_age", "mma > probe_old", 6),
        ("rules/probe.yaml", "and probe_sign", "and probe_sing", 4),
        ("restrictions.yaml", "when: pregnant", "when: pregnnt", 3),
    ],
)
def test_a_misfit_is_found_at_its_own_line(
    content: Path, file: str, old: str, new: str, line: int
) -> None:
    (one,) = (
        one
        for one in found(content, **{file: FILES[file].replace(old, new)})
        if isinstance(one, finding.Misfitting)
    )
    assert (one.place.file, one.place.line) == (f"packs/probe/{file}", line) and one.hint


def test_packs_that_use_each_other(tmp_path: Path) -> None:
    shutil.copytree(rules_root(), tmp_path, dirs_exist_ok=True)
    head = tmp_path / "packs" / "clinical-terms" / "pack.yaml"
    head.write_text(head.read_text("utf-8") + "uses: [ng239]\n", "utf-8")
    circles = [one for one in open_library(tmp_path).findings if one.code == "circular-use"]
    assert [one.why for one in circles] == ["clinical-terms uses ng239 uses clinical-terms"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("packs: [safety,", "packs: [safety, nowhere,", "unknown-pack"),
        ("b12_status: ng239", "b12_status: nowhere", "unknown-pack"),
        ("scope: age >= 16 'a'", "scope: agee >= 16 'a'", "misfit"),
        ("scope: age >= 16 'a'", "scope: age >= >= 16 'a'", "bad-condition"),
        ("[sodium, potassium,", "[sodium, potasium,", "unknown-use"),
        ("markers: [total_b12,", "markers: [total_b13,", "unknown-use"),
        ("critical_days: 7", "critical_days: soon", "wrong-shape"),
    ],
)
def test_a_profile_that_names_what_is_not_there(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    """A word that fits nothing in a profile is told, and never runs."""
    shutil.copytree(rules_root(), tmp_path, dirs_exist_ok=True)
    profile = tmp_path / "profiles" / "uk.yaml"
    text = profile.read_text("utf-8")
    assert old in text
    profile.write_text(text.replace(old, new), "utf-8")
    library = open_library(tmp_path)
    (one,) = library.findings
    assert one.code == code and "uk" not in library.profiles
    told = text[: text.index(old)].count("\n") + 1
    assert one.place.file == "profiles/uk.yaml" and one.place.line in (told, told - 1)
    with pytest.raises(finding.ContentProblem):
        library.sound()


def test_findings_are_all_told_at_once(content: Path) -> None:
    spoilt = RULE.replace("{probe_low}", "{nothing}").replace("[B12-04]", "[B12-99]")
    codes = {one.code for one in found(content, **{"rules/probe.yaml": spoilt})}
    assert {"unknown-placeholder", "unknown-evidence"} <= codes


def test_definitions_that_double_are_refused(content: Path) -> None:
    steps = "d0: {means: zero, when: ataxia}\n" + "".join(
        f"d{n}: {{means: step {n}, when: d{n - 1} and not d{n - 1}}}\n" for n in range(1, 40)
    )
    findings = found(content, **{"definitions.yaml": DEFINITIONS + steps})
    assert any("parts" in one.why for one in findings if isinstance(one, finding.BadCondition))


def test_the_order_of_figures_decides_nothing(content: Path) -> None:
    def cut(value: str) -> object:
        text = f"probe: {{analyte: total_b12, meaning: m, value: {value}, evidence: [B12-01]}}\n"
        found(content, **{"thresholds.yaml": THRESHOLDS + text})
        return open_library(content).packs["probe"].cuts["probe"]

    assert cut("{ng/L: 180, pmol/L: 133}") == cut("{pmol/L: 133, ng/L: 180}")
