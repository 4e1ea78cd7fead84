"""A stub issuer, for a try of CORRIN_AUTH=jwt on one machine. Never for anything else.

It makes a key when it starts and gives a token to whoever asks. Needs what Corrin needs.

    python deploy/stub_issuer.py                      serve http://127.0.0.1:9000/jwks.json
    python deploy/stub_issuer.py access BASE          print an access token for the base URL
    python deploy/stub_issuer.py hooks URL            print a CDS Hooks token for one call of a URL
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "https://stub.invalid"
KID = "stub"
PORT = int(os.environ.get("STUB_PORT", "9000"))
LIFE = {"access": 3600, "hooks": 300}


class Stub(BaseHTTPRequestHandler):
    """``/jwks.json``, and ``/token?kind=…&aud=…``."""

    key = ec.generate_private_key(ec.SECP384R1())

    def do_GET(self) -> None:
        """Answer."""
        asked = urlsplit(self.path)
        if asked.path == "/jwks.json":
            public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            body = json.dumps({"keys": [public | {"kid": KID, "use": "sig"}]})
        elif asked.path == "/token":
            given = {name: values[0] for name, values in parse_qs(asked.query).items()}
            body = self.token(given.get("kind", "access"), given.get("aud", ""))
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def token(self, kind: str, audience: str) -> str:
        """A token of five minutes for a call of CDS Hooks, or of an hour for the rest."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": audience, "iat": now, "exp": now + LIFE.get(kind, 300)}
        claims |= {"jti": str(uuid.uuid4()), "scope": "system/Observation.rs", "client_id": "try"}
        return jwt.encode(claims, self.key, algorithm="ES384", headers={"kid": KID})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked for holds no secret, but tokens come from here."""


def main(arguments: list[str]) -> int:
    """Serve, or ask the one that serves for a token."""
    if not arguments:
        ThreadingHTTPServer(("127.0.0.1", PORT), Stub).serve_forever()
    elif len(arguments) == 2 and arguments[0] in LIFE:
        query = urlencode({"kind": arguments[0], "aud": arguments[1]})
        with urlopen(f"http://127.0.0.1:{PORT}/token?{query}", timeout=5) as answer:
            print(answer.read().decode())
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
