"""One person by several frameworks, and by one framework before and after it changed.

Expected by hand from the published cut-offs: B12-01, B12-14 to B12-17 (TR-02, TR-03).
"""

from __future__ import annotations

from functools import cache

import pytest

from corrin import __version__, compare, intake, interpret
from corrin.comparison.comparer import Comparer
from corrin.interpretation import choose_reading, moment_of
from corrin.packs.library import open_library
from golden.cases import FOLDER

NG239, AAFP, MAYO, LABCORP = "ng239", "aafp-2025", "mayo-acasm", "labcorp-141503"
FOUR = (NG239, AAFP, MAYO, LABCORP)
MAYO_CASE = "tr-02-mayo-cut-off-lower"
AAFP_CASE = "tr-03-aafp-2017-and-2025"
AS_OF = "2026-11-12T15:00:00Z"
# Total B12 in ng/L (pg/mL) → what each of the four says of it, without any other result.
BRANCHES = {
    "149": ("deficiency_confirmed", "deficiency_confirmed", "deficient", "deficient"),
    "150": ("deficiency_confirmed", "deficiency_confirmed", "indeterminate", "deficient"),
    "165": ("deficiency_confirmed", "deficiency_confirmed", "indeterminate", "deficient"),
    "179": ("deficiency_confirmed", "deficiency_confirmed", "indeterminate", "deficient"),
    "180": ("indeterminate", "indeterminate", "indeterminate", "deficient"),
    "199": ("indeterminate", "indeterminate", "indeterminate", "deficient"),
    "200": ("indeterminate", "indeterminate", "indeterminate", "indeterminate"),
    "350": ("indeterminate", "indeterminate", "indeterminate", "indeterminate"),
    "351": ("deficiency_unlikely", "deficiency_unlikely", "indeterminate", "indeterminate"),
    "400": ("deficiency_unlikely", "deficiency_unlikely", "indeterminate", "indeterminate"),
    "401": ("deficiency_unlikely", "deficiency_unlikely", *["deficiency_unlikely"] * 2),
}
# A cascade names a low result and looks for its cause; it does not say "confirmed".
DEFICIENT = {"deficiency_confirmed", "deficiency_probable"}


def request_of(name: str, *changes: tuple[str, str]) -> bytes:
    """The request of an example, with texts in it replaced."""
    text = (FOLDER / name / "request.json").read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text.encode()


@cache
def comparer() -> Comparer:
    """What compares by the four, made once for all figures."""
    library = open_library().sound()
    return Comparer(library, library.profiles["uk"], FOUR, __version__)


@pytest.mark.parametrize("figure", BRANCHES)
def test_the_same_result_takes_the_branch_of_each_framework(figure: str) -> None:
    request = request_of(MAYO_CASE, ('"value": 165,', f'"value": {figure},'))
    reading = intake.read(request)
    found = comparer().compare(choose_reading(reading, moment_of(AS_OF, reading), "uk"))
    for column, expected in zip(found.columns, BRANCHES[figure], strict=True):
        assert column.status is not None
        assert column.status.status in (DEFICIENT if expected == "deficient" else {expected})


def test_the_cut_off_that_makes_the_difference_is_named() -> None:
    found = compare(request_of(MAYO_CASE), packs=(NG239, MAYO), as_of=AS_OF)
    (difference,) = found.differences
    assert difference.kind == "threshold"
    (cutoff,) = difference.cutoffs
    assert (cutoff.first, cutoff.second) == ("180 ng/L", "150 ng/L")
    assert "NG239" in found.columns[0].framework.title
    assert "Mayo" in found.columns[1].framework.title


def test_a_status_names_the_framework_it_is_by() -> None:
    for profile, name in (("uk", "NG239"), ("us", "AAFP")):
        status = interpret(request_of(MAYO_CASE), profile=profile, as_of=AS_OF).statuses
        assert name in status["b12_status"].title


@pytest.mark.parametrize(
    ("figure", "year", "expected", "other_figures"),
    [
        ("168", "2026", "deficiency_confirmed", False),
        ("168", "2024", "indeterminate", True),
        ("149", "2024", "deficiency_confirmed", False),
        ("240", "2024", "indeterminate", False),
        ("375", "2026", "deficiency_unlikely", False),
        ("375", "2024", "indeterminate", True),
        ("400", "2024", "deficiency_unlikely", False),
    ],
)
def test_aafp_is_read_by_the_figures_of_its_day(
    figure: str, year: str, expected: str, other_figures: bool
) -> None:
    request = request_of(AAFP_CASE, ('"value": 168,', f'"value": {figure},'), ("2026-", f"{year}-"))
    report = interpret(request, profile="us", as_of=AS_OF.replace("2026", year))
    assert report.statuses["b12_status"].status == expected
    assert ("aafp-figures-of-2017" in {note.rule for note in report.notes}) is other_figures
