"""The rule book says everything a profile may say, and nothing in it can act."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corrin.book import html
from corrin.book.collect import collect
from corrin.book.part import Book
from corrin.cli.own import running_too
from corrin.cli.program import app, run
from corrin.packs.library import Library, open_library
from support import places
from unit import own_packs

pytestmark = pytest.mark.xdist_group("book")  # one process makes the books
PROFILES = sorted(open_library().profiles)


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library()


@cache
def book_of(profile: str) -> Book:
    """The book of a profile, collected once: its examples are tried for it."""
    library = open_library()
    return collect(library, library.profiles[profile])


@cache
def page_of(profile: str) -> str:
    """The book of a profile as a page."""
    return html.render(book_of(profile))


@cache
def seen_of(profile: str) -> Seen:
    """What stands on the page of a profile."""
    return Seen(page_of(profile))


class Seen(HTMLParser):
    """Tags, identifiers, links and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.words: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value:
                self.links.add(value)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.mark.parametrize("profile", PROFILES)
def test_book_holds_all_of_a_profile(library: Library, profile: str) -> None:
    book, seen = book_of(profile), seen_of(profile)
    text = seen.text
    running = library.profiles[profile].head.packs
    for name in running:
        pack = library.packs[name].pack
        assert f"{pack.id} {pack.head.version}" in text
        assert pack.digest in text
        for rule in pack.rules:
            assert f"rule-{rule.id}" in seen.ids
            assert re.sub(r"\s+", " ", rule.note.detail) in text
        for decision in pack.decisions.values():
            assert all(row.because in text for row in decision.rows)
        for restriction in pack.restrictions:
            assert restriction.because in text
    assert all(part.failed == 0 and part.examples >= len(part.rules) for part in book.packs)
    assert "Signature" in text


@pytest.mark.parametrize("profile", PROFILES)
def test_every_cutoff_stands_with_its_figure_and_evidence(library: Library, profile: str) -> None:
    book, seen = book_of(profile), seen_of(profile)
    for part in book.packs:
        for figure in part.figures:
            assert f"cut-{part.id}-{figure.name}" in seen.ids
            assert figure.checks, figure.name
            values = library.packs[part.id].pack.thresholds[figure.name].value or {}
            for value in values.values():
                assert re.search(rf"\b{value:f}\b", figure.said), figure.name
    rows = {row.row for row in book.evidence}
    assert {link.removeprefix("#row-") for link in seen.links if link.startswith("#row-")} == rows


def test_page_cannot_act() -> None:
    page, seen = page_of("uk"), seen_of("uk")
    assert not seen.tags & {"script", "img", "iframe", "object", "link", "form", "base"}
    assert not {name for name in seen.attributes if name.startswith("on") or name == "style"}
    assert "default-src 'none'" in page
    assert len(seen.ids) == len(set(seen.ids))
    inner = {link[1:] for link in seen.links if link.startswith("#")}
    assert inner <= set(seen.ids)
    assert all(link.startswith(("#", "https://", "http://")) for link in seen.links)


def test_hostile_words_of_a_pack_are_shown(tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "rules"
    shutil.copytree(places.RULES, root)
    file = root / "packs" / "anaemia-who-2024" / "pack.yaml"
    text = file.read_text("utf-8")
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}"
    file.write_text(text.replace("owner: The Corrin project", f"owner: '{hostile}'"), "utf-8")
    library = open_library(root)
    seen = Seen(html.render(collect(library, library.profiles["uk"])))
    assert "script" not in seen.tags
    assert hostile in seen.text


def test_command_writes_a_file(tmp_path: Path) -> None:
    out = tmp_path / "book.html"
    done = CliRunner().invoke(app, ["rules", "book", "--output", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("way", [".", "up", "whole"])
def test_changes_of_ones_own_pack_stand_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    made = own_packs.pack(tmp_path / "mine", files={"rules/own.yaml": own_packs.rule()})
    (made / "CHANGELOG.md").write_bytes(b"A change of our own, in Latin-1: \xe9\n")
    monkeypatch.chdir(tmp_path / "mine" if way == "." else tmp_path)
    folder = {".": Path(), "up": Path("mine"), "whole": tmp_path / "mine"}[way]
    library = open_library(extra=(folder,))
    page = html.render(collect(library, running_too(library, library.profiles["uk"])))
    assert "A change of our own" in page


def test_same_rules_give_the_same_bytes(library: Library) -> None:
    assert html.render(collect(library, library.profiles["uk"])) == page_of("uk")


def test_book_under_a_site_file_tells_all_it_changes(tmp_path: Path) -> None:
    out = tmp_path / "book.html"
    file = str(places.ROOT / "fixtures" / "site" / "example.yaml")
    done = CliRunner().invoke(app, ["rules", "book", "--overlay", file, "--output", str(out)])
    assert done.exit_code == 0, done.output
    text = Seen(out.read_text("utf-8")).text
    assert "Site file: Example laboratory" in text
    assert "200 ng/L (148 pmol/L) set by the site" in text
    assert "published: 180 ng/L and 133 pmol/L" in text
    assert "under the site file example-site@1.0.0" in text


def test_book_under_a_site_file_for_another_profile_is_refused() -> None:
    file = str(places.ROOT / "fixtures" / "site" / "example.yaml")
    asked = ["rules", "book", "--profile", "us", "--overlay", file]
    assert run(asked) == 2
