"""``POST /v1/interpret/batch``: answers in order as lines come, and no line that stops another."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from corrin import interpret
from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.api.lines import Line, split
from support.places import ROOT
from support.service import Service, service

DOOR = "/v1/interpret/batch"
NDJSON = {"content-type": "application/x-ndjson"}
CASE = {
    "as_of": "2026-05-20",
    "results": [{"test": "B12", "value": "<150", "unit": "ng/L", "date": "2026-05-01"}],
}
GOOD = json.dumps(CASE)


def answers(client: TestClient, body: Any, **how: Any) -> list[dict[str, Any]]:
    """The lines a batch is answered with."""
    headers = {**NDJSON, **how.pop("headers", {})}
    answer = client.post(DOOR, content=body, headers=headers, **how)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.content == b"" or answer.content.endswith(b"\n")
    return [json.loads(line) for line in answer.content.splitlines()]


def reasons(lines: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Line and reason of every answer; ``""`` for a report."""
    return [
        (one["line"], one["problem"]["faults"][0]["reason"] if "problem" in one else "")
        for one in lines
    ]


def test_every_line_is_answered_in_order_and_a_bad_one_stops_nothing(client: TestClient) -> None:
    body = "\n".join(
        [
            json.dumps({**CASE, "id": "first"}),
            "",
            "{bad",
            json.dumps({**CASE, "id": "odd", "x": 1}),
            '{"results": [{"test": "B13", "value": 1, "unit": "ng/L", "date": "2026-05-01"}]}',
            "[1]",
            "\ufffe",
            '{"resourceType": "Bundle"}',
            "  \t\r",
            GOOD,
        ]
    )
    found = answers(client, body.encode())
    assert reasons(found) == [
        (1, ""),
        (3, "not-json"),
        (4, "field-unknown"),
        (5, ""),
        (6, "not-a-case"),
        (7, "not-json"),
        (8, "not-a-case"),
        (10, ""),
    ]
    assert [one.get("id") for one in found] == ["first", None, "odd", *[None] * 5]
    assert found[0]["report"] == json.loads(interpret(GOOD).to_json())
    assert found[0]["report"] == found[-1]["report"]
    assert not any("line" in fault for one in found[1:3] for fault in one["problem"]["faults"])


def test_the_file_of_the_page(client: TestClient) -> None:
    found = answers(client, (ROOT / "fixtures/cases/several.ndjson").read_bytes())
    wrong = [one for one in found if "problem" in one]
    assert len(found) == 8
    assert [one["line"] for one in wrong] == [6]
    assert found[2]["report"]["refusals"][0]["reason"] == "name-unknown"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_the_stream(client: TestClient, end: bytes) -> None:
    assert reasons(answers(client, GOOD.encode() + end)) == [(1, "")]


def test_nothing_at_all(client: TestClient) -> None:
    assert answers(client, b"") == []
    assert answers(client, b"\n \n\n") == []


def test_handling_and_profile(client: TestClient) -> None:
    odd = json.dumps({**CASE, "context": {"medicines": ["Brandx"]}}).encode()
    strict = {"prefer": "handling=strict"}
    assert reasons(answers(client, odd, headers=strict)) == [(1, "name-unknown")]
    (found,) = answers(client, odd, params={"profile": "us"})
    assert found["report"]["profile"]["id"] == "us"
    assert found["report"]["refusals"][0]["reason"] == "name-unknown"
    assert client.post(f"{DOOR}?profile=xx", content=odd, headers=NDJSON).status_code == 422
    assert client.post(DOOR, json=CASE).status_code == 415
    refused = client.post(DOOR, content=odd, headers={**NDJSON, "accept": "text/plain"})
    assert refused.status_code == 406


def test_an_unknown_name_hides_no_critical_value(client: TestClient) -> None:
    potassium = {"test": "K", "value": 7.2, "unit": "mmol/L", "date": "2026-05-20"}
    given = {"as_of": "2026-05-20", "results": [potassium], "context": {"medicines": ["Brandx"]}}
    (found,) = answers(client, json.dumps(given).encode())
    assert found["report"]["urgency"] == "emergency"
    (found,) = answers(client, json.dumps(given).encode(), headers={"prefer": "handling=strict"})
    assert "critical values included" in found["problem"]["detail"]


@pytest.fixture(scope="module")
def narrow(interpreter: Interpreter) -> Iterator[TestClient]:
    """A service that takes three short lines."""
    settings = Settings(batch_lines=3, line_bytes=1024, batch_bytes=64 * 1024)
    with TestClient(create_app(settings, interpreter), base_url="http://127.0.0.1:8000") as found:
        yield found


def test_a_line_that_is_too_long_stops_nothing(narrow: TestClient) -> None:
    long = json.dumps({**CASE, "id": "x" * 2000})
    found = answers(narrow, f"{GOOD}\n{long}\n{GOOD}\n".encode())
    assert reasons(found) == [(1, ""), (2, "line-too-long"), (3, "")]
    assert found[1]["problem"]["status"] == 413


def test_too_many_lines_are_said_once(narrow: TestClient) -> None:
    found = answers(narrow, f"{GOOD}\n\n".encode() * 9)
    assert reasons(found) == [(1, ""), (3, ""), (5, ""), (7, "too-many-lines")]


# --- the lines of a stream ----------------------------------------------------------------------


def _split(chunks: list[bytes], longest: int = 100, most: int = 100) -> list[Line]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def gathered() -> list[Line]:
        return [line async for line in split(stream(), longest, most)]

    return asyncio.run(gathered())


@pytest.mark.parametrize("size", range(1, 12))
def test_lines_do_not_depend_on_how_they_are_cut(size: int) -> None:
    text = b"ab\n\ncdefg\r\n" + b"h" * 11 + b"\nij\n  \nlast"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    found = _split(chunks, longest=10)
    assert [(one.number, one.data.strip()) for one in found] == [
        (1, b"ab"),
        (3, b"cdefg"),
        (4, b""),
        (5, b"ij"),
        (7, b"last"),
    ]
    assert [one.fault is None for one in found] == [True, True, False, True, True]


def test_a_line_may_be_as_long_as_is_said() -> None:
    assert _split([b"x" * 100])[0].fault is None
    assert _split([b"x" * 101])[0].fault is not None
    assert len(_split([b"x\n" * 3], most=3)) == 3
    assert [one.fault is None for one in _split([b"x\n" * 3 + b"x"], most=3)][-1] is False


# --- a real server --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Service]:
    """A service in a process of its own."""
    with service(batch_bytes=64 * 1024) as found:
        yield found


def _open(served: Service) -> socket.socket:
    connection = served.connect()
    connection.sendall(
        b"POST /v1/interpret/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    return connection


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))


def _until(connection: socket.socket, mark: bytes) -> bytes:
    found = b""
    while mark not in found:
        more = connection.recv(65536)
        assert more, "the connection was closed"
        found += more
    return found


def test_answers_come_while_the_request_still_goes_on(served: Service) -> None:
    with _open(served) as connection:
        connection.settimeout(30)
        for number in range(1, 4):
            _send(connection, f"{GOOD}\n".encode())
            answer = _until(connection, b"}\n")
            assert b'{"line":%d,' % number in answer
        connection.sendall(b"0\r\n\r\n")
        assert _until(connection, b"0\r\n\r\n")


def test_a_client_that_leaves_harms_nobody(served: Service) -> None:
    for _ in range(5):
        with _open(served) as connection:
            _send(connection, f"{GOOD}\n".encode())
    status, _, body = served.ask(DOOR, GOOD.encode(), NDJSON)
    assert status == 200
    assert b'"report"' in body
    assert "fault" not in served.said().lower().replace("default", "")


def test_other_requests_are_answered_while_a_batch_is_at_work(served: Service) -> None:
    with _open(served) as connection:
        connection.settimeout(60)
        _send(connection, f"{GOOD}\n".encode() * 200)
        status, _, _ = served.ask("/v1/interpret", GOOD.encode())
        assert status == 200
        # The batch is not done yet: its client has not read a word.
        connection.sendall(b"0\r\n\r\n")
        assert b'{"line":200,' in _until(connection, b'{"line":200,')


def test_too_many_bytes_end_the_stream_with_a_problem(served: Service) -> None:
    with _open(served) as connection:
        connection.settimeout(30)
        _send(connection, f"{GOOD}\n".encode())
        assert b'{"line":1,"report":' in _until(connection, b"}\n")
        _send(connection, b" " * 70_000)
        told = _until(connection, b"0\r\n\r\n")
        assert b'{"line":2,"problem":' in told
        assert b'"reason":"too-large"' in told
