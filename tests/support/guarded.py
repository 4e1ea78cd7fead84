"""The gate before an app of one line, so that only the gate decides what is answered."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from corrin.api.auth import Authenticate, open_gate
from corrin.api.settings import Settings

BASE = "https://corrin.example.org/b12"


class Guarded:
    """Asks an app behind the gate; ``caller`` is whom the gate let in last.

    Args:
        at: the address it is reached at, as the server tells it.
    """

    def __init__(self, settings: Settings, at: str = "10.0.0.7") -> None:
        self.caller: str | None = None
        self.settings, self.at = settings, at
        self.app = Authenticate(self._inside, open_gate(settings))

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.caller = scope["state"]["caller"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    async def ask(
        self, path: str, *headers: tuple[str, str], method: str = "GET"
    ) -> httpx.Response:
        """One request, with the headers as given, doubled ones too."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{self.at}") as client:
            sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
            return await client.request(method, path, headers=sent)

    def get(self, path: str, token: str | None = None, **more: str) -> httpx.Response:
        """One request with a bearer token."""
        headers = [] if token is None else [("authorization", f"Bearer {token}")]
        return asyncio.run(self.ask(path, *headers, *more.items()))


def reason(answer: httpx.Response) -> str:
    """Why a request was refused, in either form of error."""
    body: dict[str, Any] = answer.json()
    if body.get("resourceType") == "OperationOutcome":
        assert answer.headers["content-type"].startswith("application/fhir+json")
        (issue,) = body["issue"]
        assert issue["severity"] == "error"
        return str(issue["diagnostics"])
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    return str(body["faults"][0]["reason"])


def told_rightly(answer: httpx.Response, *secrets: str) -> None:
    """A refusal is told as it must be, and repeats nothing of what was sent."""
    assert answer.headers["cache-control"] == "no-store"
    challenge = answer.headers.get("www-authenticate", "")
    if answer.status_code in (400, 401, 403):
        assert challenge.startswith('Bearer realm="corrin"')
        assert challenge.isascii() and "\\" not in challenge
    else:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
    whole = answer.text + str(answer.headers)
    for secret in secrets:
        assert secret not in whole
