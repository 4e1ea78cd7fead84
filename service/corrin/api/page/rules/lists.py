"""All of a kind on one page: cut-offs, rows of evidence, coverage, alert rates, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from corrin.api.catalogue import form
from corrin.api.catalogue.entries import Entry
from corrin.api.page.rules import addresses, search
from corrin.api.page.rules.browser import CHECKS, Browser, browser_of, check_of
from corrin.api.page.rules.observed import URGENCIES, Counted, Rate
from corrin.api.page.rules.written import listed, page
from corrin.terminology.table import fold

router = APIRouter(include_in_schema=False)

# By what the alert rates can be sorted, and what each column is called.
COLUMNS: Mapping[str, str] = {
    "above": "Above routine",
    **{urgency: urgency.capitalize() for urgency in URGENCIES},
    "all": "All",
    "on_top": "On top",
}
_READ = ["GET", "HEAD"]
_MOST_USES = 6  # of a row, named beside it; the others on its own page


@dataclass(frozen=True, slots=True)
class RateOf:
    """What was counted of one rule or decision under one profile.

    Attributes:
        rate: of a rule; none: it did not speak.
        statuses: of a decision: people by status and urgency.
        differs: whether its pack is another content here than it was counted with.
    """

    counted: Counted
    rate: Rate | None
    statuses: Mapping[tuple[str, str], int]
    differs: bool


def rates_of(browser: Browser, entry: Entry) -> tuple[RateOf, ...]:
    """How often an entry spoke, under each profile its pack was counted in."""
    if browser.observed is None or entry.kind == "restriction":
        return ()
    found = []
    for profile, counted in browser.observed.profiles.items():
        decides = entry.kind != "decision" or profile in entry.decides_in
        if entry.pack in counted.packs and decides:
            statuses = counted.statuses.get(entry.id, {}) if entry.kind == "decision" else {}
            rate = counted.rules.get(entry.id) if entry.kind == "rule" else None
            differs = entry.pack in browser.counted_otherwise(profile)
            found.append(RateOf(counted, rate, statuses, differs))
    return tuple(found)


def _one(request: Request, name: str) -> str:
    return request.query_params.get(name, "")


def _has(q: str, *texts: str) -> bool:
    """Whether every word of a question stands in some of the texts."""
    text = "\n".join(map(fold, texts))
    return all(word in text for word in search.asked(q).split())


@router.api_route(addresses.THRESHOLDS, methods=_READ)
async def thresholds(request: Request) -> Response:
    """Every cut-off of every pack: figures, people, since when, on what it rests."""
    browser = await browser_of(request)
    pack, analyte, q = (_one(request, name) for name in ("pack", "analyte", "q"))
    every = [cut for one in browser.shelf.packs.values() for cut in one.thresholds]
    with_cuts = {cut.pack for cut in every}
    found: dict[str, list[form.CutOff]] = {}
    for cut in every:
        named = (cut.name, cut.says, cut.analyte, cut.pack, *(row.row for row in cut.evidence))
        if pack in ("", cut.pack) and analyte in ("", cut.analyte) and _has(q, *named):
            found.setdefault(cut.pack, []).append(cut)
    return await listed(
        request,
        "thresholds",
        browser,
        here=addresses.THRESHOLDS,
        found=found,
        count=sum(map(len, found.values())),
        total=len(every),
        analytes={one: one for one in sorted({cut.analyte for cut in every}, key=str.casefold)},
        packs={one.id: one.title for one in browser.ordered if one.id in with_cuts},
        chosen={"pack": pack, "analyte": analyte, "q": q},
    )


@router.api_route(addresses.EVIDENCE, methods=_READ)
async def evidence(request: Request) -> Response:
    """Every row of the reference by section: how it was checked, how much rests on it."""
    browser = await browser_of(request)
    check, q = _one(request, "check"), _one(request, "q")
    found = []
    for section in browser.sections:
        rows = [
            row
            for row in section.rows
            if check in ("", check_of(row))
            and _has(q, row.row, row.item, *(f"{one.key} {one.title}" for one in row.sources))
        ]
        if rows:
            found.append((section, rows))
    letters = [check_of(row) for row in browser.rows.values()]
    return await listed(
        request,
        "evidence",
        browser,
        here=addresses.EVIDENCE,
        found=found,
        count=sum(len(rows) for _, rows in found),
        total=len(browser.rows),
        counts={letter: letters.count(letter) for letter in CHECKS},
        checks_said={letter: f"{letter}: {says}" for letter, says in CHECKS.items()},
        chosen={"check": check, "q": q},
    )


@router.api_route(addresses.COVERAGE, methods=_READ)
async def coverage(request: Request) -> Response:
    """Which rows of the reference are used, section by section; why the others are not."""
    browser = await browser_of(request)
    covered = [one for one in browser.sections if one.covered]
    wanted = [row for section in covered for row in section.rows]
    counts = {
        section.name: (
            sum(row.row in browser.uses for row in section.rows),
            sum(row.row in browser.excused for row in section.rows),
        )
        for section in browser.sections
    }
    return await page(
        request,
        "coverage",
        browser,
        here=addresses.COVERAGE,
        covered=covered,
        beside=[one for one in browser.sections if not one.covered],
        counts=counts,
        shown=_MOST_USES,
        wanted=len(wanted),
        used=sum(row.row in browser.uses for row in wanted),
        excused=[browser.rows[row] for row in browser.excused if row in browser.rows],
        open=[
            row for row in wanted if row.row not in browser.uses and row.row not in browser.excused
        ],
    )


@router.api_route(addresses.RATES, methods=_READ)
async def alert_rates(request: Request) -> Response:
    """How often each rule spoke in a population that was interpreted whole."""
    browser = await browser_of(request)
    observed = browser.observed
    if observed is None:
        return await page(request, "rates", browser, here=addresses.RATES, counted=None)
    default = next(one.id for one in browser.shelf.profiles.profiles if one.default)
    asked = (_one(request, "profile"), default, *observed.profiles)
    profile = next(one for one in asked if one in observed.profiles)
    counted = observed.profiles[profile]
    sort = _one(request, "sort")
    sort = sort if sort in COLUMNS or sort == "rule" else "above"
    entries = {
        one.id: one
        for pack in counted.packs
        for one in browser.entries.get(pack, {}).values()
        if one.kind == "rule"
    }

    def order(rule: str) -> tuple[int, int, str]:
        rate = counted.rules[rule]
        return (0, 0, rule) if sort == "rule" else (-rate.of(sort), -rate.all, rule)

    return await page(
        request,
        "rates",
        browser,
        here=addresses.RATES,
        observed=observed,
        counted=counted,
        columns=COLUMNS,
        sort=sort,
        entries=entries,
        rules=sorted(counted.rules, key=order),
        silent=[one for id, one in entries.items() if id not in counted.rules],
        differs=browser.counted_otherwise(profile),
    )


@router.api_route(addresses.ANALYTES, methods=_READ)
async def analytes(request: Request) -> Response:
    """Every result that is read: names, codes, units, what is plausible."""
    browser = await browser_of(request)
    q = _one(request, "q")
    found: dict[str, list[form.Analyte]] = {}
    for family, several in browser.families.items():
        for one in several:
            codes = (code.code for code in one.loinc)
            if _has(q, one.id, one.label, one.short, *one.names, *codes):
                found.setdefault(family, []).append(one)
    cuts: dict[str, int] = {}
    for pack in browser.shelf.packs.values():
        for cut in pack.thresholds:
            cuts[cut.analyte] = cuts.get(cut.analyte, 0) + 1
    return await listed(
        request,
        "analytes",
        browser,
        here=addresses.ANALYTES,
        found=found,
        count=sum(map(len, found.values())),
        total=len(browser.shelf.analytes),
        cuts=cuts,
        chosen={"q": q},
    )
