"""A search over everything the pages show: all words asked for have to stand in what is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from corrin.api.catalogue import form
from corrin.api.catalogue.entries import Entry
from corrin.api.catalogue.shelf import Shelf
from corrin.api.page.rules import addresses
from corrin.terminology.table import fold

Kind = Literal["pack", "rule", "decision", "restriction", "cut-off", "definition", "row", "result"]

# Letters of a question that are looked at, and hits shown of one kind.
MOST_LETTERS = 200
MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be found.

    Attributes:
        id: what it is called among its kind.
        says: its title, or what it says.
        of: the pack it stands in; empty: none.
        doubted: whether it rests on what was not verified.
        by_site: whether the site has set something of it.
    """

    kind: Kind
    id: str
    says: str
    of: str
    href: str
    doubted: bool
    names: str
    text: str
    by_site: bool = False


Index = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind: how many, and the best of them."""

    kind: Kind
    count: int
    items: tuple[Item, ...]


def asked(q: str) -> str:
    """A question as it is looked for."""
    return fold(q[:MOST_LETTERS])


def index(shelf: Shelf, entries: Iterable[Entry], rows: Iterable[form.Row]) -> Index:
    """Everything that can be found, in the order it is shown in."""
    return tuple(_items(shelf, entries, rows))


def found(items: Index, q: str) -> tuple[Hits, ...]:
    """What holds every word of a question, kind by kind, the likeliest first; nothing for none."""
    words = asked(q).split()
    if not words:
        return ()
    hits: dict[Kind, list[tuple[int, int, Item]]] = {}
    for number, item in enumerate(items):
        if all(word in item.text for word in words):
            hits.setdefault(item.kind, []).append((_rank(item, words), number, item))
    return tuple(
        Hits(kind, len(several), tuple(one for *_, one in sorted(several)[:MOST_SHOWN]))
        for kind, several in hits.items()
    )


def _rank(item: Item, words: list[str]) -> int:
    """0: it is called that; 1: every word is in its names; 2: only in what it says."""
    if " ".join(words) in item.names.split("\n"):
        return 0
    return 1 if all(word in item.names for word in words) else 2


def _items(shelf: Shelf, entries: Iterable[Entry], rows: Iterable[form.Row]) -> Iterator[Item]:
    for pack in shelf.packs.values():
        names: tuple[str, ...] = (pack.id, pack.title)
        yield _item("pack", pack.title, "", addresses.pack(pack.id), False, names, (pack.purpose,))
    for entry in entries:
        href = addresses.entry(entry.pack, entry.id)
        names = (entry.id, entry.title)
        doubted = not entry.verified
        found = _item(entry.kind, entry.title, entry.pack, href, doubted, names, _texts(entry))
        yield replace(found, by_site=bool(entry.by_site))
    for pack in shelf.packs.values():
        for cut in pack.thresholds:
            href, names = addresses.threshold(pack.id, cut.name), (cut.name, cut.analyte)
            doubted = not all(row.verified for row in cut.evidence)
            said = (cut.says, cut.used)
            found = _item("cut-off", cut.says, pack.id, href, doubted, names, said)
            yield replace(found, by_site=cut.set_by is not None)
        for one in pack.definitions:
            href = addresses.definition(pack.id, one.name)
            doubted = not all(row.verified for row in one.evidence)
            yield _item("definition", one.means, pack.id, href, doubted, (one.name,), (one.means,))
    for row in rows:
        texts = (row.item, *(f"{source.key} {source.title}" for source in row.sources))
        href = addresses.row(row.row)
        yield _item("row", row.item, "", href, not row.verified, (row.row,), texts)
    for result in shelf.analytes.values():
        names = (result.id, result.label, result.short, *result.names)
        codes = tuple(code.code for code in result.loinc)
        href = addresses.analyte(result.id)
        yield _item("result", result.label, "", href, False, (*names, *codes), ())


def _item(
    kind: Kind,
    says: str,
    of: str,
    href: str,
    doubted: bool,
    names: tuple[str, ...],
    texts: tuple[str, ...],
) -> Item:
    called = "\n".join(map(fold, names))
    text = "\n".join((called, *map(fold, texts)))
    return Item(kind, names[0], says, of, href, doubted, called, text)


def _texts(entry: Entry) -> tuple[str, ...]:
    match entry:
        case form.Rule():
            note = entry.note
            return (entry.topic_title, note.summary, note.detail, *note.limits)
        case form.Restriction():
            return (entry.topic_title, entry.because)
        case form.Decision():
            rows = (text for row in entry.rows for text in (row.id, row.says, row.because))
            return (entry.topic_title, *rows)
