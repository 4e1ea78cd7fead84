"""Every example request of the project, in every readable form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from corrin import IntakeError, interpret
from corrin.render import html, text
from corrin.render import json as json_form
from corrin.render.safe import clean
from support import places
from unit.test_render import Page, flat, sentences

REQUESTS = sorted(places.CASES.glob("*/request.*"))
SCHEMA = Draft202012Validator(json.loads(json_form.schema()))


@pytest.mark.parametrize("request_file", REQUESTS, ids=lambda file: file.parent.name)
def test_an_example_reads_well(request_file: Path) -> None:
    """Each shorter or explained, in turn; every fourth is held against the schema as well."""
    at = REQUESTS.index(request_file)
    hold(request_file, explained=(at % 2 == 0,), schema=at % 4 == 1)


@pytest.mark.soak
@pytest.mark.parametrize("request_file", REQUESTS, ids=lambda file: file.parent.name)
def test_an_example_reads_well_in_every_form(request_file: Path) -> None:
    hold(request_file, explained=(False, True), schema=True)


def hold(request_file: Path, explained: tuple[bool, ...], schema: bool) -> None:
    """Hold what is written of one example against its report."""
    try:
        report = interpret(request_file.read_bytes(), as_of="2026-11-01T09:00:00Z")
    except IntakeError:
        return
    if schema:
        SCHEMA.validate(json.loads(json_form.render(report)))
    cleaned = clean(report)
    wanted = [flat(sentence).casefold() for sentence in sentences(cleaned)]
    # Without explain a computed figure is rounded, so what was compared is not looked up.
    compared = {flat(value.compared).casefold() for value in cleaned.values}
    for explain in explained:
        note = text.render(report, explain=explain)
        for line in note.splitlines():
            assert cell_len(line) <= 80
            assert line == line.rstrip()
        page = Page(html.render(report, explain=explain)).plain.casefold()
        flat_note = flat(note).casefold()
        for sentence in wanted:
            if explain or sentence not in compared:
                assert sentence in flat_note, sentence
                assert sentence in page, sentence
