"""``/rules``: the overview, one pack, one rule, one row; lists of a kind stand in ``lists``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from corrin.api.catalogue.entries import Entry
from corrin.api.content import nearest
from corrin.api.page import layout
from corrin.api.page.enter import examples
from corrin.api.page.rules import addresses, lists, search
from corrin.api.page.rules.browser import Browser, browser_of
from corrin.api.page.rules.written import Near, listed, missing, page

router = APIRouter(include_in_schema=False)

_READ = ["GET", "HEAD"]


@router.api_route("/rules", methods=_READ)
async def overview(request: Request) -> Response:
    """Profiles, packs and the other pages; with ``?q=`` what is found in all of them."""
    browser = await browser_of(request)
    q = request.query_params.get("q", "")
    hits = search.found(browser.index, q)
    return await listed(
        request,
        "overview",
        browser,
        here=addresses.HOME,
        q=q,
        hits=hits,
        cut=len(q) > search.MOST_LETTERS,
        most=search.MOST_LETTERS,
        count=sum(one.count for one in hits),
        asked=bool(search.asked(q)),
    )


router.include_router(lists.router)


@router.api_route("/rules/evidence/{row}", methods=_READ)
async def row(request: Request, row: str) -> Response:
    """One row of the reference: what it says, how it was checked, and what rests on it."""
    browser = await browser_of(request)
    found = browser.rows.get(row)
    if found is None:
        near = _near(row, {id: addresses.row(id) for id in browser.rows})
        return await missing(request, browser, "row of evidence", row, near)
    names = tuple(browser.rows)
    at = names.index(row)
    cited = browser.cited[row]
    section = next(one for one in browser.sections if found in one.rows)
    kinds: dict[str, list[object]] = {}
    for use in browser.uses.get(row, ()):
        kinds.setdefault(use.kind, []).append(use)
    return await page(
        request,
        "row",
        browser,
        here=addresses.EVIDENCE,
        row=found,
        section=section,
        rests_on=tuple(browser.rows[key] for key in cited.sources if key in browser.rows),
        kinds=kinds,
        examples=examples.by_name(),
        before=browser.rows[names[at - 1]] if at else None,
        after=browser.rows[names[at + 1]] if at + 1 < len(names) else None,
    )


@router.api_route("/rules/{pack}", methods=_READ)
async def pack(request: Request, pack: str) -> Response:
    """One pack: what it is for, on what it rests, and everything in it."""
    browser, pack = await browser_of(request), addresses.pack_of(pack)
    found = browser.shelf.packs.get(pack)
    if found is None:
        return await missing(request, browser, "pack", pack, _near_pack(pack, browser))
    entries = tuple(browser.entries[pack].values())
    topics: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind == "rule":
            topics.setdefault(entry.topic_title, []).append(entry)
    return await page(
        request,
        "pack",
        browser,
        here="",
        pack=found,
        attributes=browser.shelf.attributes[pack].attributes.model_dump(),
        versions=browser.versions[pack],
        decisions=[entry for entry in entries if entry.kind == "decision"],
        restrictions=[entry for entry in entries if entry.kind == "restriction"],
        topics=topics,
    )


@router.api_route("/rules/{pack}/{id}", methods=_READ)
async def entry(request: Request, pack: str, id: str) -> Response:
    """One rule, restriction or decision in words, with all it rests on."""
    browser, pack = await browser_of(request), addresses.pack_of(pack)
    whole = browser.shelf.packs.get(pack)
    if whole is None:
        return await missing(request, browser, "pack", pack, _near_pack(pack, browser, id))
    there = browser.entries[pack]
    found = there.get(id)
    if found is None:
        near = (*_elsewhere(browser, id), *_near_entry(browser, pack, id))
        return await missing(request, browser, f"rule in the pack {pack}", id, near)
    ids = tuple(there)
    at = ids.index(id)
    return await page(
        request,
        "entry",
        browser,
        here="",
        entry=found,
        pack=whole,
        rates=lists.rates_of(browser, found),
        before=there[ids[at - 1]] if at else None,
        after=there[ids[at + 1]] if at + 1 < len(ids) else None,
    )


@router.api_route("/rules/{rest:path}", methods=_READ)
async def nothing(request: Request, rest: str) -> Response:
    """Whatever else is asked for below ``/rules``."""
    if not rest:
        return RedirectResponse(layout.prefix(request) + addresses.HOME, 308)
    browser = await browser_of(request)
    first = rest.partition("/")[0]
    return await missing(request, browser, "page", rest, _near_pack(first, browser))


def _near(name: str, known: Mapping[str, str]) -> tuple[Near, ...]:
    # As they are written or not: what is compared is folded, what is shown is not.
    folded = {id.casefold(): id for id in known}
    same = folded.get(name.casefold())
    ids: Sequence[str] = (
        (same,) if same else [folded[one] for one in nearest(name.casefold(), folded)]
    )
    return tuple(Near(id, known[id]) for id in ids)


def _near_pack(name: str, browser: Browser, id: str = "") -> tuple[Near, ...]:
    pages = {one.rpartition("/")[2]: one for one in addresses.PAGES}
    packs = {one: addresses.pack(one) for one in browser.shelf.packs}
    return (*_elsewhere(browser, id or name), *_near(name, packs | pages))


def _elsewhere(browser: Browser, id: str) -> tuple[Near, ...]:
    """The same name in other packs."""
    several = browser.shelf.rules.get(id, ())
    return tuple(Near(f"{one.pack}: {one.id}", addresses.entry(one.pack, id)) for one in several)


def _near_entry(browser: Browser, pack: str, id: str) -> tuple[Near, ...]:
    here = _near(id, {one: addresses.entry(pack, one) for one in browser.entries[pack]})
    if here or id in browser.shelf.rules:
        return here
    everywhere = {
        name: addresses.entry(several[0].pack, name)
        for name, several in browser.shelf.rules.items()
    }
    return _near(id, everywhere)
