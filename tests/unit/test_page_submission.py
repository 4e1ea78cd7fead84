"""The fields of a form: read as any reader of forms does, and in pieces however long they are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from corrin.api.page import submission
from corrin.api.page.submission import Fields, fields_of
from corrin.api.problem import Problem

SIGNS = ("%", "%4", "%41", "%C3%A9", "%C3", "%ff", "&", "=", "+", "a", "%%", "%zz", "é")


class Threads:
    """Does what it is given, and notes how large that was."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def work(self, size: int, job: Any) -> Any:
        self.sizes.append(size)
        return job()


def fields(body: bytes) -> tuple[Fields, list[int]]:
    threads = Threads()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    app = SimpleNamespace(state=SimpleNamespace(interpreter=threads))
    scope = {"type": "http", "method": "POST", "headers": [], "app": app}
    return asyncio.run(fields_of(Request(scope, receive))), threads.sizes


@given(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join), st.integers(4, 9))
def test_a_form_is_read_as_everybody_reads_it(text: str, piece: int) -> None:
    body = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "_PIECE", piece)
        try:
            wanted = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            with pytest.raises(Problem):
                fields(body)
        else:
            assert fields(body)[0] == wanted


def test_a_long_document_is_whole_and_read_where_large_work_is_done() -> None:
    document = "é%+& =\r\n" * 20_000
    body = urlencode({"document": document}).encode()
    found, sizes = fields(body)
    assert found == {"document": [document]}
    assert sizes == [len(body)]
