"""The files of the page: libraries as published; ours with no host named and no code inline."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from support import places

PAGE = places.PACKAGE / "api" / "page"
VENDOR = PAGE / "static" / "vendor"
TEMPLATES = sorted((PAGE / "templates").rglob("*.j2"))
OURS = sorted(
    file
    for file in (PAGE / "static").rglob("*")
    if file.suffix in (".js", ".css", ".svg") and VENDOR not in file.parents
)

# What says which language a document is written in is the name of a namespace, not an address.
NAMESPACE = re.compile(r"http://www\.w3\.org/(2000/svg|1999/xlink|1999/xhtml)")
HOST = re.compile(r"(?:https?:|wss?:|ftp:|[\"'(=]\s*)//[\w\[]")
INLINE = {
    "a script with its code": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "a style with its rules": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*?\sstyle\s*=", re.IGNORECASE),
    "a handler in an attribute": re.compile(r"<[^>]*?\son[a-z]+\s*=", re.IGNORECASE),
    "code for htmx": re.compile(r"hx-on|(?:hx-vals|hx-headers|hx-vars)=[\"']\s*js:", re.IGNORECASE),
    "an address that is code": re.compile(r"javascript:", re.IGNORECASE),
}
EVALUATED = re.compile(r"\beval\s*\(|\bnew\s+Function\b|\bset(?:Timeout|Interval)\s*\(\s*[\"'`]")
WRITTEN_AS_MARKUP = re.compile(
    r"\.(?:innerHTML|outerHTML)\s*\+?=|insertAdjacentHTML|document\.write|\.srcdoc\b"
)


def _name(file: Path) -> str:
    return file.relative_to(PAGE).as_posix()


def test_files_of_others_are_those_that_are_listed() -> None:
    said = (VENDOR / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([\w.-]+)` \| `([0-9a-f]{64})` \|$", said, re.MULTILINE))
    there = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.iterdir()
        if file.name != "README.md"
    }
    assert there == listed


def test_files_of_others_have_their_licence_named() -> None:
    notes = (places.ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    for file in VENDOR.glob("*.min.*"):
        assert file.name in notes
        assert (VENDOR / f"{file.name.partition('.')[0]}.LICENSE").is_file()


def test_versions_are_the_same_wherever_they_stand() -> None:
    notes = (places.ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")
    said = (VENDOR / "README.md").read_text(encoding="utf-8")
    chart = re.search(r"uPlot \(v([\d.]+)\)", (VENDOR / "uplot.min.js").read_text())
    hyper = re.search(r'version:"([\d.]+)"', (VENDOR / "htmx.min.js").read_text())
    for name, found in (("uPlot", chart), ("htmx", hyper)):
        assert found, name
        assert f"| {found[1]} |" in said
        assert found[1] in notes


@pytest.mark.parametrize("file", [*OURS, *TEMPLATES], ids=_name)
def test_no_file_names_another_host(file: Path) -> None:
    text = NAMESPACE.sub("", file.read_text(encoding="utf-8"))
    assert not HOST.findall(text)


@pytest.mark.parametrize(
    "file", [*TEMPLATES, *(one for one in OURS if one.suffix == ".svg")], ids=_name
)
def test_no_markup_holds_code_or_style(file: Path) -> None:
    # Remarks and conditions are the template's own; what stands between them is markup.
    own = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
    text = own.sub("", file.read_text(encoding="utf-8"))
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("file", [one for one in OURS if one.suffix == ".js"], ids=_name)
def test_no_script_evaluates_text_or_writes_it_as_markup(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not EVALUATED.findall(text)
    assert not WRITTEN_AS_MARKUP.findall(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (HOST, '<img src="https://example.org/a.png">'),
        (HOST, '<script src="//example.org/a.js"></script>'),
        (HOST, "@import url(//example.org/a.css)"),
        (INLINE["a script with its code"], "<script>run()</script>"),
        (INLINE["a style attribute"], '<p class="a" style="color: red">'),
        (INLINE["a handler in an attribute"], '<p onclick="run()">'),
        (INLINE["code for htmx"], "<p hx-vals='js:{a: run()}'>"),
        (EVALUATED, "setTimeout('run()', 1)"),
        (WRITTEN_AS_MARKUP, "place.innerHTML = text"),
    ],
)
def test_what_is_looked_for_is_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_files_of_the_page_are_light() -> None:
    """Everything a page could load, gzipped: well below what it may weigh with its answer."""
    loaded = [*OURS, *VENDOR.glob("*.min.*")]
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in loaded) < 150_000
