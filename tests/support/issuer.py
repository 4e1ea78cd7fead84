"""An issuer of tokens: keys, the server that publishes them, and tokens right and wrong."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}


@cache
def private_key(kind: str, number: int = 0) -> PrivateKey:
    """A key of a curve (``P-384``) or a size (``RSA-2048``); another for each number."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def published(key: PrivateKey, kid: str, **more: object) -> dict[str, Any]:
    """A key's public half as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        found: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        found = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    found.pop("key_ops", None)
    return found | {"kid": kid} | more


def signed(key: Any, claims: Mapping[str, Any], *, alg: str = "ES384", **header: object) -> str:
    """A token; a claim or header of None is left out."""
    kept = {name: value for name, value in claims.items() if value is not None}
    head = {name: value for name, value in header.items() if value is not None}
    if "typ" in header and header["typ"] is None:
        head["typ"] = ""  # PyJWT leaves an empty one out
    return jwt.encode(kept, key, algorithm=alg, headers=head)


def raw(header: object, claims: object, signature: bytes = b"signature") -> str:
    """A token put together by hand, of anything."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def claims(**more: object) -> dict[str, Any]:
    """Claims of now, for five minutes, with a jti of their own."""
    now = int(time.time())
    return {"iat": now, "exp": now + 300, "jti": str(uuid.uuid4())} | more


@dataclass(slots=True)
class KeyServer:
    """A server of a JWK Set; what it answers can be changed while it runs.

    Attributes:
        calls: paths asked for, in order.
        seconds: it waits before it answers.
        pause: seconds between one byte of the body and the next.
        let: it waits for this before it answers, for a while.
        answered: how many it has begun to answer.
    """

    url: str
    keys: list[Any] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 0
    pause: float = 0
    calls: list[str] = field(default_factory=list)
    let: threading.Event | None = None
    answered: int = 0

    @property
    def jwks_url(self) -> str:
        return self.url + "/jwks.json"


@contextlib.contextmanager
def key_server(*keys: Mapping[str, Any]) -> Iterator[KeyServer]:
    """A real HTTP server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.calls.append(self.path)
            time.sleep(found.seconds)
            if found.let is not None:
                found.let.wait(60)
            found.answered += 1
            body = found.body
            if body is None:
                body = json.dumps({"keys": found.keys}).encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked may have gone
                for piece in [body[i : i + 1] for i in range(len(body))] if found.pause else [body]:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(found.pause)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = KeyServer(f"http://127.0.0.1:{server.server_port}", list(keys))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
