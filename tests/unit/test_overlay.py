"""Reading and checking a site file: what is refused, where, and what is only remarked on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from corrin.packs.finding import ContentProblem
from corrin.packs.library import open_library
from corrin.packs.overlay_apply import apply
from corrin.packs.overlay_file import MOST_BYTES, read_overlay
from support import places
from support.site import B12_CV_5, HEAD, TOTAL_200, cut_off, site

LIBRARY = open_library()


def found(data: bytes) -> dict[str, str]:
    """Code → severity of all findings of a site file; a file refused whole answers the same."""
    try:
        file = read_overlay(data, "site.yaml")
    except ContentProblem as problem:
        return {one.code: one.severity for one in problem.findings}
    findings = apply(LIBRARY, file).findings
    assert all(one.place.file == "site.yaml" and one.place.line > 0 for one in findings)
    return {one.code: one.severity for one in findings}


def errors(data: bytes) -> set[str]:
    return {code for code, severity in found(data).items() if severity == "error"}


def test_the_example_has_nothing_wrong_with_it() -> None:
    data = (places.ROOT / "fixtures" / "site" / "example.yaml").read_bytes()
    assert found(data) == {}


def test_a_head_alone_changes_nothing() -> None:
    library = apply(LIBRARY, read_overlay(site())).sound()
    assert library.site is not None and library.site.changes == ()
    assert {n: p.cuts for n, p in library.packs.items()} == {
        n: p.cuts for n, p in LIBRARY.packs.items()
    }


@pytest.mark.parametrize(
    ("section", "code"),
    [
        (cut_off("nowhere", "total_b12_low", "{ng/L: 200}"), "unknown-pack"),
        (cut_off("ng239", "total_b12_lwo", "{ng/L: 200}"), "unknown-threshold"),
        (cut_off("ng239", "total_b12_low", "{mmol/h: 200, pmol/L: 148}"), "wrong-unit"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 200, pg/mL: 210, pmol/L: 1}"), "wrong-unit"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 200}"), "missing-unit"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 0, pmol/L: 0}"), "implausible-figure"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 9000000, pmol/L: 9000000}"),
         "implausible-figure"),
        (cut_off("ng239", "total_b12_low", "{ng/L: -5, pmol/L: 5}"), "wrong-shape"),
        (cut_off("ng239", "total_b12_low", "{ng/L: true, pmol/L: 5}"), "wrong-shape"),
        (cut_off("ng239", "total_b12_low", "{ng/L: .nan, pmol/L: 5}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{ng/L: .inf, pmol/L: 5}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 1e400, pmol/L: 5}"), "wrong-shape"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 0200, pmol/L: 148}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 3:20, pmol/L: 148}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 2_00, pmol/L: 148}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 0xC8, pmol/L: 148}"), "unreadable"),
        (cut_off("ng239", "total_b12_low", "{}"), "wrong-shape"),
        (cut_off("ng239", "mma_upper", "[{when: \"age < 40 'a'\", value: {umol/L: 0.3}}]",
                 "variants"), "variant-gap"),
        (cut_off("ng239", "mma_upper", "[{when: rubbish <, value: {umol/L: 0.3}}]", "variants"),
         "bad-condition"),
        (cut_off("ng239", "mma_upper", "[{when: no_such_fact, value: {umol/L: 0.3}}]",
                 "variants"), "misfit"),
        (TOTAL_200 + "      evidence: [ZZ-99]\n", "unknown-evidence"),
        ("wording:\n  no-such-rule: {summary: x}", "unknown-rule"),
        ("wording:\n  b12-very-high: {}", "wrong-shape"),
        ("wording:\n  b12-very-high: {detail: 'Give {total_b12}.'}", "ordering-word"),
        ("wording:\n  b12-very-high: {limits: ['Known. Stop metformin.']}", "ordering-word"),
        ("wording:\n  b12-very-high: {detail: 'See {nothing_such}.'}", "unknown-placeholder"),
        ("wording:\n  b12-very-high: {detail: 'See {total_b12.'}", "unknown-placeholder"),
        (f"wording:\n  b12-very-high: {{detail: '{'word ' * 121}'}}", "long-detail"),
        (f"wording:\n  b12-very-high: {{limits: ['{'word ' * 121}']}}", "long-detail"),
        (f"wording:\n  b12-very-high: {{summary: '{{total_b12}} {'x' * 140}'}}", "long-summary"),
        ("tests: {unavailable: [no_such_test]}", "unknown-test"),
        ("tests: {unavailable: [mma_previous]}", "unknown-test"),
        ("tests: {unavailable: [mma], available: [mma]}", "wrong-shape"),
        ("imprecision:\n  no_such_test: {cv: 5 %, because: x}", "unknown-test"),
        ("imprecision:\n  mma: {cv: 5 %, sd: 1 umol/L, because: x}", "wrong-shape"),
        ("imprecision:\n  mma: {because: x}", "wrong-shape"),
        ("imprecision:\n  mma: {cv: 5, because: x}", "wrong-shape"),
        ("imprecision:\n  mma: {cv: 5 % or so, because: x}", "wrong-shape"),
        ("imprecision:\n  mma: {cv: 0 %, because: x}", "implausible-figure"),
        ("imprecision:\n  mma: {cv: 100 %, because: x}", "implausible-figure"),
        ("imprecision:\n  mma: {sd: 1 mmol/h, because: x}", "wrong-unit"),
        ("based_on: mars", "unknown-profile"),
        ("retire: [b12-very-high]", "wrong-shape"),
        ("always_first: []", "wrong-shape"),
        ("packs: [ng239]", "wrong-shape"),
    ],
)  # fmt: skip
def test_what_is_refused(section: str, code: str) -> None:
    assert code in errors(site(section))


@pytest.mark.parametrize(
    ("section", "code"),
    [
        (cut_off("ng239", "total_b12_low", "{ng/L: 400, pmol/L: 295}"), "crossed-cut-offs"),
        (cut_off("ng239", "total_b12_low", "{ng/L: 180, pmol/L: 133}"), "nothing-moved"),
        ("wording:\n  b12-very-high: {summary: Very high}", "dropped-value"),
        ("based_on: uk\n" + cut_off("mayo-acasm", "total_b12_low", "{ng/L: 160}"), "not-run"),
    ],
)  # fmt: skip
def test_what_is_only_remarked_on(section: str, code: str) -> None:
    assert found(site(section)).get(code) == "warning"


# --- what always runs -------------------------------------------------------------------------


def test_a_cut_off_that_always_runs_moves_within_its_window_only() -> None:
    pack = LIBRARY.packs["safety"].pack
    windows = {n: t for n, t in pack.thresholds.items() if t.may_be_set is not None}
    assert windows
    for name, threshold in windows.items():
        window = threshold.may_be_set
        assert window is not None
        for figure, fits in (
            (window.low, True),
            (window.high, True),
            (window.low - Decimal("0.001"), False),
            (window.high + Decimal("0.001"), False),
        ):
            section = cut_off("safety", name, f"{{{window.unit}: {figure:f}}}")
            assert ("outside-window" not in found(site(section))) is fits, (name, figure)


def test_every_other_cut_off_that_always_runs_is_fixed() -> None:
    pack = LIBRARY.packs["safety"].pack
    for name, threshold in pack.thresholds.items():
        if threshold.may_be_set is None:
            values = threshold.value or {"1": Decimal(1)}
            given = ", ".join(f"{unit}: {figure:f}" for unit, figure in values.items())
            assert "fixed-threshold" in errors(site(cut_off("safety", name, f"{{{given}}}"))), name


def test_a_critical_value_cannot_be_made_to_depend_on_the_person() -> None:
    name, threshold = next(
        (n, t) for n, t in LIBRARY.packs["safety"].pack.thresholds.items() if t.may_be_set
    )
    assert threshold.may_be_set is not None
    value = f"{{{threshold.may_be_set.unit}: {threshold.may_be_set.low:f}}}"
    section = cut_off("safety", name, f"[{{when: pregnant, value: {value}}}]", "variants")
    assert "fixed-threshold" in errors(site(section))


def test_the_words_of_what_always_runs_are_added_to_only() -> None:
    rule = LIBRARY.packs["safety"].pack.rules[0]
    for part in ("summary", "detail"):
        assert "fixed-wording" in errors(site(f"wording:\n  {rule.id}: {{{part}: Nothing.}}"))
    data = site(f"wording:\n  {rule.id}: {{limits: [Our analyser repeats this at once.]}}")
    assert found(data) == {}
    changed = apply(LIBRARY, read_overlay(data)).sound().packs["safety"].pack.rules[0]
    assert changed.note.limits == (*rule.note.limits, "Our analyser repeats this at once.")
    assert changed.note.summary == rule.note.summary


# --- hostile files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"a: [",
        b"[]",
        b"just text",
        b"--- {}\n--- {}\n",
        b"a: &a [x]\nb: [*a, *a]\n",
        b"a: &a {<<: *a}\n",
        b"? [a, b]\n: c\n",
        b"id: x\nid: y\n",
        b"!!python/object/apply:os.system ['true']\n",
        b"[" * 100_000,
        b"{a: " * 5_000,
        b"a: " + b"9" * 6_000,
        b"x" * (MOST_BYTES + 1),
        HEAD.encode() + b"1: 2\n",
        HEAD.encode().replace(b"1.2.0", b"one"),
        HEAD.encode() + b"thresholds: [1, 2]\n",
        HEAD.encode() + b"thresholds:\n" + b"".join(b" a%d: 1\n" % i for i in range(9_000)),
    ],
)
def test_a_hostile_file_is_refused_whole(data: bytes) -> None:
    with pytest.raises(ContentProblem) as caught:
        read_overlay(data, "site.yaml")
    assert 0 < len(caught.value.findings) <= 100
    assert all(one.place.file == "site.yaml" for one in caught.value.findings)


def test_a_finding_names_the_line() -> None:
    file = read_overlay(site("based_on: uk", cut_off("ng239", "nope", "{ng/L: 1}")), "s.yaml")
    (finding,) = apply(LIBRARY, file).findings
    assert str(finding.place) == "s.yaml:9"


# --- digest -----------------------------------------------------------------------------------


def test_the_digest_is_of_the_content() -> None:
    one = read_overlay(site(TOTAL_200), "a.yaml")
    same = read_overlay(b"# remark\n\n" + site(TOTAL_200), "b.yaml")
    other = read_overlay(site(TOTAL_200, B12_CV_5))
    assert one == same and hash(one) == hash(same) and one.digest == same.digest
    assert one != other


def test_figures_stay_exact() -> None:
    section = cut_off("ng239", "mma_upper", "{umol/L: 0.2799999999}")
    library = apply(LIBRARY, read_overlay(site(section))).sound()
    assert library.packs["ng239"].cuts["mma_upper"].values == (("umol/L", Decimal("0.2799999999")),)


def test_the_library_itself_and_its_digests_stay() -> None:
    before = LIBRARY.packs["ng239"].cuts["total_b12_low"]
    library = apply(LIBRARY, read_overlay(site(TOTAL_200))).sound()
    assert library.packs["ng239"].cuts["total_b12_low"] != before
    assert LIBRARY.packs["ng239"].cuts["total_b12_low"] == before and LIBRARY.site is None
    assert {n: p.pack.digest for n, p in library.packs.items()} == {
        n: p.pack.digest for n, p in LIBRARY.packs.items()
    }


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("retire: [b12-very-high]", "retire: nothing of this name belongs here"),
        ("imprecision:\n  mma: {sd: {umol/L: 0.02}, because: x}", "write it as in: 0.02 umol/L"),
        ("imprecision:\n  mma: {cv: five percent, because: x}", "write it as in: 5 %"),
        ("imprecision:\n  mma: {cv: 5 %}", "imprecision.mma.because: it is missing"),
        ("tests: {unavailable: [mma], available: [mma]}", "give either unavailable or available"),
    ],
)  # fmt: skip
def test_a_fault_of_shape_is_told_in_plain_words(section: str, why: str) -> None:
    with pytest.raises(ContentProblem) as problem:
        read_overlay(site(section), "site.yaml")
    (finding,) = problem.value.findings
    assert finding.why.endswith(why)


def test_a_name_that_resembles_nothing_is_told_what_there_is() -> None:
    data = site(cut_off("nowhere", "total_b12_low", "{ng/L: 200}"))
    (finding,) = apply(LIBRARY, read_overlay(data)).findings
    assert "ng239" in finding.hint
