"""The rules for people to browse: all of it is reached by links, marked as it was checked, kept."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

import pytest
import reference_coverage
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.api.page.enter import examples
from corrin.api.page.layout import POLICY
from corrin.api.page.rules import search
from corrin.api.page.rules.browser import Browser, check_of
from corrin.api.page.rules.uses import Use
from support import places
from unit import own_packs

SITE = Path(places.ROOT / "fixtures" / "site" / "example.yaml")
PAGES = (
    "/rules",
    "/rules?q=folate",
    "/rules/ng239",
    "/rules/ng239/b12-confirmed-total",
    "/rules/ng239/b12_status",
    "/rules/thresholds",
    "/rules/evidence",
    "/rules/evidence/B12-01",
    "/rules/coverage",
    "/rules/alert-rates",
    "/rules/analytes",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "\u202erules\u202c\x00\x1b[31m",
    "x" * 10_000,
    "' OR 1=1 --",
)


class _Page(HTMLParser):
    """The links, ids, headings, title and anything inline of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.title, self.headings, self.inline, self._in = "", [], [], ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "a" and known.get("href"):
            self.links.append(str(known["href"]))
        if known.get("id"):
            self.ids.append(str(known["id"]))
        if tag in ("title", "h1", "h2", "h3", "h4"):
            self._in = tag
            if tag != "title":
                self.headings.append([int(tag[1]), ""])
        if tag == "style" or (tag == "script" and "src" not in known):
            self.inline.append(tag)
        self.inline += [name for name in known if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        elif self._in:
            self.headings[-1][1] += data


@pytest.fixture(scope="module")
def browser(client: TestClient) -> Browser:
    """What the pages of the client's service know."""
    client.get("/rules")
    found: Browser = client.app.state.browser  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def site() -> TestClient:
    """A service under a site file that moves a cut-off and adds a limit to a note."""
    return TestClient(create_app(Settings(site_file=SITE)), base_url="http://127.0.0.1:8000")


def _faults(path: str, text: str, page: _Page, doubted: set[str]) -> Iterator[str]:
    """What is wrong with one page."""
    firsts = [said.strip() for level, said in page.headings if level == 1]
    if len(firsts) != 1 or not firsts[0]:
        yield f"{path}: one h1 is expected, not {firsts}"
    if not page.title.strip() or not all(said.strip() for _, said in page.headings):
        yield f"{path}: an empty title or heading"
    levels = [level for level, _ in page.headings]
    skips = [b for a, b in pairwise(levels) if b > a + 1]
    if skips:
        yield f"{path}: headings skip a level"
    if page.inline:
        yield f"{path}: inline {page.inline[:3]}"
    if len(page.ids) != len(set(page.ids)):
        yield f"{path}: ids stand twice"
    if len(gzip.compress(text.encode())) > 100_000:
        yield f"{path}: heavy"
    for row in _shown_unmarked(text, doubted):
        yield f"{path}: {row} is shown without its mark"


def _shown_unmarked(text: str, doubted: set[str]) -> Iterator[str]:
    """Rows that were not verified, where a page names them and does not say so beside."""
    for link in re.finditer(r'<a href="/rules/evidence/([^"#]+)">([^<]+)</a>', text):
        row, said = unquote(link[1]), link[2]
        if said == row and row in doubted:
            rest = text[link.end() :]
            ends = r"</tr>" if rest.startswith("</th>") else r"</(?:li|td|dd|tr|p)>|<a "
            if "UNVERIFIED" not in re.split(ends, rest, maxsplit=1)[0]:
                yield row


def test_everything_is_reached_by_links_and_every_link_leads_somewhere(
    client: TestClient, browser: Browser
) -> None:
    doubted = {id for id, row in browser.rows.items() if not row.verified}
    assert doubted and len(doubted) < len(browser.rows)
    waiting, seen, faults = ["/rules"], {"/rules": set[str]()}, list[str]()
    wanted: dict[str, set[str]] = {}
    titles: dict[str, str] = {}
    beside: set[str] = set()
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        if answer.status_code != 200:
            faults.append(f"{path}: {answer.status_code}")
            continue
        page = _Page(answer.text)
        seen[path] = set(page.ids)
        faults += _faults(path, answer.text, page, doubted)
        if "?" not in path:
            if page.title in titles:
                faults.append(f"{path} and {titles[page.title]}: one title")
            titles[page.title] = path
        for link in page.links:
            whole, _, fragment = urljoin(path, link).partition("#")
            if fragment:
                wanted.setdefault(whole, set()).add(fragment)
            if whole.startswith(("https://", "http://")):
                continue
            if not re.match(r"/rules(?:[/?]|$)", whole):
                beside.add(whole)
            elif whole not in seen:
                seen[whole] = set()
                waiting.append(whole)
    cases = {one for one in beside if one.startswith("/examples/")}
    assert cases and {one.removeprefix("/examples/") for one in cases} <= set(examples.by_name())
    for path in beside - set(sorted(cases)[2:]):
        # A rule's own forms are of one door, tried in full elsewhere: of each pack some.
        if "/v1/rules/" not in path or (path.endswith("=json") and "?pack=ng239" in path):
            faults += [f"{path}: no answer"] * (client.get(path).status_code != 200)
    for path, fragments in wanted.items():
        lost = fragments - seen.get(path, fragments)
        faults += [f"{path}#{one}: nothing is there" for one in sorted(lost)]
    assert not faults, "\n".join(faults[:20])
    for pack, entries in browser.entries.items():
        assert f"/rules/{pack}" in seen
        assert not {f"/rules/{pack}/{id}" for id in entries} - set(seen)
    assert not {f"/rules/evidence/{row}" for row in browser.rows} - set(seen)


def test_what_is_a_draft_or_doubted_says_so(client: TestClient, browser: Browser) -> None:
    for pack, entries in browser.entries.items():
        text = client.get(f"/rules/{pack}").text
        for entry in entries.values():
            link = f'href="/rules/{pack}/{entry.id}"'
            line = next(one for one in text.split("<li>") if link in one).split("</li>")[0]
            assert ("UNVERIFIED" in line) is not entry.verified, entry.id
            assert (">draft<" in line) is (entry.status == "draft"), entry.id


@pytest.mark.parametrize("path", PAGES)
def test_kept_by_its_digest(client: TestClient, path: str) -> None:
    found, head = client.get(path), client.head(path)
    assert found.status_code == 200 and (head.status_code, head.content) == (200, b"")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-security-policy"] == POLICY
    assert found.headers["cache-control"] == "public, max-age=300, must-revalidate"
    assert "HX-Request" in found.headers["vary"]
    again = client.get(path, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert head.headers["etag"] == again.headers["etag"] == found.headers["etag"]
    assert client.get(path).text == found.text


@pytest.mark.parametrize(
    "path", ["/rules?q=folate", "/rules/thresholds?q=mma", "/rules/evidence?check=G",
             "/rules/analytes?q=2132-9"]
)  # fmt: skip
def test_script_gets_what_was_found_alone(client: TestClient, path: str) -> None:
    whole = client.get(path).text
    part = client.get(path, headers={"HX-Request": "true"})
    assert part.status_code == 200 and "<html" not in part.text and "<h1" not in part.text
    count = re.search(r'id="count" hx-swap-oob="innerHTML">([^<]+)<', part.text)
    assert count and f'<span id="count" role="status">{count[1]}</span>' in whole
    links = _Page(part.text).links
    assert links and set(links) <= set(_Page(whole).links)


@pytest.mark.parametrize("q", HOSTILE)
def test_whatever_is_asked_for_is_shown_as_text(client: TestClient, q: str) -> None:
    quiet = _Page(client.get("/rules").text)
    for path in ("/rules", "/rules/thresholds", "/rules/evidence", "/rules/analytes"):
        names = ("q", "check", "pack", "analyte", "profile", "sort")
        answer = client.get(path, params=dict.fromkeys(names, q))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img" not in answer.text
        assert "\x1b" not in answer.text and not _Page(answer.text).inline
        assert len(answer.text) < 60_000
    for before in ("/rules", "/rules/ng239", "/rules/evidence"):
        answer = client.get(f"{before}/{quote(q[:3000], safe='')}")
        page = _Page(answer.text)
        assert answer.status_code == 404 and answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == POLICY
        assert page.inline == quiet.inline == []
        assert "There is no" in answer.text and "\u202e" not in answer.text


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/rules/ng23", "/rules/ng239"),
        ("/rules/threshold", "/rules/thresholds"),
        ("/rules/b12-confirmed-total", "/rules/ng239/b12-confirmed-total"),
        ("/rules/ng239/b12-confirmed-totl", "/rules/ng239/b12-confirmed-total"),
        ("/rules/safety/b12-confirmed-total", "/rules/ng239/b12-confirmed-total"),
        ("/rules/nowhere/b12_status", "/rules/ng239/b12_status"),
        ("/rules/evidence/b12-01", "/rules/evidence/B12-01"),
        ("/rules/ng239/b12_status/more", "/rules/ng239"),
    ],
)
def test_not_found_names_what_is_nearest(client: TestClient, path: str, near: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert near in _Page(answer.text).links
    assert client.get(near).status_code == 200


def test_a_slash_too_many_leads_to_the_overview(client: TestClient) -> None:
    answer = client.get("/rules/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/rules")


def test_whatever_there_is_is_found_first_by_its_name(browser: Browser) -> None:
    for item in browser.index:
        hits = {one.kind: one.items for one in search.found(browser.index, item.id.upper())}
        same = [one for one in hits[item.kind] if search.asked(item.id) in one.names.split("\n")]
        assert item in same and list(hits[item.kind][: len(same)]) == same, item.id


def test_every_word_asked_for_has_to_stand_in_what_is_found(browser: Browser) -> None:
    for hits in search.found(browser.index, "  Folate   LOW "):
        assert hits.items and all("folate" in one.text and "low" in one.text for one in hits.items)
    assert search.found(browser.index, "") == search.found(browser.index, "   ") == ()
    assert search.found(browser.index, "folate nothing-is-called-this") == ()


def test_filters_leave_what_they_say(client: TestClient, browser: Browser) -> None:
    for check in ("V", "V2", "part", "G", "project"):
        text = client.get("/rules/evidence", params={"check": check}).text
        found = set(re.findall(r'<th scope="row"><a href="/rules/evidence/([^"?]+)">', text))
        assert found == {id for id, row in browser.rows.items() if check_of(row) == check}
        assert found
    text = client.get("/rules/thresholds", params={"pack": "ng239", "analyte": "MMA"}).text
    cuts = [one.name for one in browser.shelf.packs["ng239"].thresholds if one.analyte == "MMA"]
    assert re.findall(r'href="/rules/ng239#cut-off-([a-z0-9_]+)"', text) == cuts and cuts


# --- coverage and alert rates ---------------------------------------------------------------


def test_uses_are_those_the_written_page_names(browser: Browser) -> None:
    """``docs/coverage.md`` is computed apart from the service: both come to the same."""
    kinds = {"threshold": "cut-off"}

    def said(uses: tuple[Use, ...]) -> set[tuple[str, str, str]]:
        beside = ("result", "calculation", "profile")
        named = ("cut-off", "definition", "decision")
        return {
            (one.kind, one.name, one.pack if one.kind in named else "")
            for one in uses
            if one.kind not in beside
        }

    every = reference_coverage.uses()
    for words, kind in (("terminology", "result"), ("derived fact", "calculation")):
        rows = {
            row for row, several in every.items() if any(one.startswith(words) for one in several)
        }
        assert rows and rows == {
            row for row, several in browser.uses.items() if any(one.kind == kind for one in several)
        }
    written = {
        row: {
            (kinds.get(kind, kind), name, pack)
            for kind, name, pack in re.findall(
                r"(\w+) `([^`]+)`(?: \(([^)`]+)\))?", "; ".join(places)
            )
        }
        for row, places in every.items()
    }
    assert {row for row, several in browser.uses.items() if said(several)} == {
        row for row, several in written.items() if several
    }
    for row, several in written.items():
        assert said(browser.uses.get(row, ())) == several, row


def test_coverage_is_that_of_the_written_page(client: TestClient, browser: Browser) -> None:
    written = (places.ROOT / "docs" / "coverage.md").read_text("utf-8")
    figures = re.search(r"(\d+) of (\d+) rows are used; (\d+) are not", written)
    assert figures is not None
    text = client.get("/rules/coverage").text
    assert f"<strong>{figures[1]} of {figures[2]}</strong>" in text
    assert f"{figures[3]} are not" in text and "neither used nor excused" not in text
    for row, why in browser.excused.items():
        assert row not in browser.uses and why.split(".")[0] in text.replace("&#39;", "'")


def test_examples_that_try_a_row_are_written_down() -> None:
    assert reference_coverage.TRIED_BY.read_text("utf-8") == reference_coverage.tried_by()


def test_rates_are_those_of_the_written_page(client: TestClient, browser: Browser) -> None:
    written = (places.ROOT / "docs" / "alert-rates.md").read_text("utf-8")
    assert browser.observed is not None
    for part in written.split("\n## Profile ")[1:]:
        profile = part.split("`")[1]
        counted = browser.observed.profiles[profile]
        text = client.get("/rules/alert-rates", params={"profile": profile}).text
        assert f"{counted.people:,} adults" in part and f"{counted.people:,} adults" in text
        loud = re.findall(r"^\| `([^`]+)` \|((?: \d+\.\d \|){5})", part, re.MULTILINE)
        assert len(loud) == sum(rate.above > 0 for rate in counted.rules.values())
        for rule, figures in loud:
            rate = counted.rules[rule]
            columns = ("emergency", "urgent", "soon", "above", "on_top")
            shown = [counted.per_thousand(rate.of(column)) for column in columns]
            assert shown == re.findall(r"\d+\.\d", figures), rule
            assert f">{rule}</code>" in text
        quiet = re.findall(r"^\| `([^`]+)` \| (\d+\.\d) \| (\d+\.\d) \|$", part, re.MULTILINE)
        assert {rule for rule, *_ in loud} | {rule for rule, *_ in quiet} == set(counted.rules)
        assert ("Other content runs here" in text) is bool(browser.counted_otherwise(profile))


@pytest.mark.parametrize("sort", ["soon", "above", "all", "on_top", "rule", "nonsense"])
def test_rates_are_sorted_as_asked(client: TestClient, browser: Browser, sort: str) -> None:
    text = client.get("/rules/alert-rates", params={"sort": sort, "profile": "us"}).text
    assert browser.observed is not None
    rules = browser.observed.profiles["us"].rules
    body = text.split('class="rates"')[1].split("</table>")[0]
    shown = re.findall(r'<code class="quiet">([^<]+)</code>', body)
    assert sorted(shown) == sorted(rules)
    if sort == "rule":
        assert shown == sorted(shown)
    else:
        by = "above" if sort == "nonsense" else sort
        counts = [rules[rule].of(by) for rule in shown]
        assert counts == sorted(counts, reverse=True)
    assert body.count("aria-sort") == 1


def test_a_rule_tells_how_often_it_spoke(client: TestClient, browser: Browser) -> None:
    assert browser.observed is not None
    counted = browser.observed.profiles["uk"]
    rate = counted.rules["b12-confirmed-total"]
    text = client.get("/rules/ng239/b12-confirmed-total").text
    assert f"{counted.per_thousand(rate.all)} of 1,000 adults ({rate.all} of" in text
    silent = client.get("/rules/safety/thiamine-emergency").text
    assert f"spoke for none of {counted.people:,} adults" in silent
    assert (
        "it ran in no profile that was counted" in client.get("/rules/mayo-acasm/b12_status").text
    )


# --- what the site has set ------------------------------------------------------------------


def test_what_the_site_has_set_is_marked(site: TestClient, client: TestClient) -> None:
    assert "Our assay does not measure beyond" in site.get("/rules/confounders/b12-very-high").text
    for path in (
        "/rules", "/rules/ng239", "/rules/ng239/b12-confirmed-total", "/rules/ng239/b12_status",
        "/rules/thresholds?pack=ng239", "/rules/confounders/b12-very-high",
        "/rules?q=total_b12_low", "/rules?q=b12-very-high",
    ):  # fmt: skip
        marked, plain = site.get(path).text, client.get(path).text
        assert ">set by the site<" in marked and ">set by the site<" not in plain, path
    row = site.get("/rules/ng239").text.split('id="cut-off-total_b12_low"')[1].split("</tr>")[0]
    for said in ("200 ng/L", "180 ng/L", "example-site@1.0.0", "our assay reads higher"):
        assert said in row
    rates = site.get("/rules/alert-rates").text
    assert re.search(r"Other content runs here than was counted: [^.]*\bng239\b", rates)


@pytest.mark.parametrize("id", ["own-probe", "coverage"])
def test_a_pack_of_ones_own_is_browsed_like_the_others(tmp_path: Path, id: str) -> None:
    """Even one that is called as a page is."""
    changes = "# Changes\n\n## 1.0.0 (2026-10-01)\n\n- First `version`,\n  of <two> lines.\n"
    files = {"CHANGELOG.md": changes, "rules/own.yaml": own_packs.rule("own-vegan")}
    own_packs.pack(tmp_path, id, title="A <b>pack</b> to try", files=files)
    settings = Settings(packs_folders=(str(tmp_path),), packs=(id,))
    own = TestClient(create_app(settings), base_url="http://127.0.0.1:8000")
    overview = own.get("/rules")
    href = next(one for one in _Page(overview.text).links if one.endswith(id) and one not in PAGES)
    whole = own.get(href).text
    assert "A &lt;b&gt;pack&lt;/b&gt; to try" in whole and "<b>pack" not in whole
    assert "First <code>version</code>, of &lt;two&gt; lines." in whole
    rule = next(one for one in _Page(whole).links if one.endswith("/own-vegan"))
    assert "A vegan diet was stated" in own.get(rule).text
    assert rule in _Page(own.get("/rules/evidence/B12-04").text).links
    assert rule in _Page(own.get("/rules", params={"q": "own-vegan"}).text).links
    rates = own.get("/rules/alert-rates").text
    assert re.search(rf"Other content runs here than was counted: [^.]*\b{id}\.", rates)
    assert "Coverage of the clinical reference" in own.get("/rules/coverage").text


def test_under_another_path_links_stay_below_it(interpreter: Interpreter) -> None:
    settings = Settings(public_url="https://corrin.example.org/lab/corrin")
    below = TestClient(create_app(settings, interpreter), base_url="http://127.0.0.1:8000")
    for path in PAGES:
        links = [one for one in _Page(below.get(path).text).links if one.startswith("/")]
        assert links and all(one.startswith("/lab/corrin/") for one in links), path
