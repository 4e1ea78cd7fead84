"""Whether the service in this container answers: exit code 0, or 1. Nothing but Python is needed.

Over plain HTTP it asks /readyz. Where the service speaks TLS itself it only looks whether the
port is open, because the certificate names the public host and may ask for one of the client's.
"""

import os
import socket
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def healthy() -> bool:
    """Ask once."""
    host = os.environ.get("CORRIN_HOST", "").strip()
    host, port = ANY.get(host, host), int(os.environ.get("CORRIN_PORT", "8000"))
    if os.environ.get("CORRIN_TLS_CERTIFICATE"):
        socket.create_connection((host, port), SECONDS).close()
        return True
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        found = healthy()
    except (OSError, HTTPException, ValueError) as error:
        print(f"not healthy: {type(error).__name__}", file=sys.stderr)
        found = False
    sys.exit(0 if found else 1)
