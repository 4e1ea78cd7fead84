"""The example cases: requests nobody's results stand in, with what each shows and its moment.

The requests and their sentences are those of ``fixtures/fhir``; which are offered, under which
heading and for which moment says ``rules/page/examples.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from corrin.api.page.submission import Submission
from corrin.content import ContentError, read_document, rules_root

_PACKAGE = Path(__file__).parents[3]
_REQUESTS = ("request.json", "request.ndjson")


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        name: its folder's name, by which there is a link to it.
        says: what it shows, in a sentence.
        as_of: the moment it is interpreted for; empty: what the request says.
        profile: the profile it is interpreted by; empty: the default.
        file: its request.
    """

    name: str
    says: str
    as_of: str
    profile: str
    file: Path

    def submission(self) -> Submission:
        """The example as it is interpreted."""
        document = self.file.read_text(encoding="utf-8")
        return Submission("fhir", document, self.profile, self.as_of, self.name)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Examples under one heading."""

    title: str
    examples: tuple[Example, ...]


def examples_root() -> Path:
    """The folder of the examples: inside the wheel, or of the checkout.

    Raises:
        ContentError: neither is there.
    """
    for root in (_PACKAGE / "_examples", _PACKAGE.parents[1] / "fixtures" / "fhir"):
        if root.is_dir():
            return root
    raise ContentError("_examples", 0, "the examples are missing from this installation")


@lru_cache(maxsize=1)
def load() -> tuple[Shelf, ...]:
    """Every example, by what it shows.

    Raises:
        ContentError: one that is named is not there.
    """
    file = rules_root() / "page" / "examples.yaml"
    given = read_document(file)
    root = examples_root()
    return tuple(
        Shelf(one["title"], tuple(_examples(file, root, one["examples"], given["as_of"])))
        for one in given["groups"]
    )


def _examples(file: Path, root: Path, given: list[Any], as_of: str) -> Iterator[Example]:
    for one in given:
        folder = root / one["id"]
        request = next((folder / name for name in _REQUESTS if (folder / name).is_file()), None)
        if request is None:
            raise ContentError(file, one.line, f"there is no example {one['id']}")
        says = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
        moment, profile = one.get("as_of", as_of), one.get("profile", "")
        yield Example(one["id"], says.replace("`", ""), moment, profile, request)


@lru_cache(maxsize=1)
def by_name() -> Mapping[str, Example]:
    """Every example by its name."""
    return {one.name: one for shelf in load() for one in shelf.examples}


def matching(words: str) -> tuple[Shelf, ...]:
    """The examples that speak of every one of some words; all of them for none."""
    wanted = words.casefold().split()
    shelves = (
        Shelf(shelf.title, tuple(one for one in shelf.examples if _speaks(one, shelf, wanted)))
        for shelf in load()
    )
    return tuple(shelf for shelf in shelves if shelf.examples)


def _speaks(one: Example, shelf: Shelf, wanted: list[str]) -> bool:
    text = f"{one.name} {one.name.replace('-', ' ')} {one.says} {shelf.title}".casefold()
    return all(word in text for word in wanted)
