"""Who may call: access tokens for programs, client tokens for CDS Hooks, nobody else.

No token is issued, stored or logged here. The one thing remembered is which CDS Hooks token was
seen (:mod:`corrin.api.auth.replay`), as a digest and until it expires.
"""

from __future__ import annotations

from corrin.api.auth.gate import Authenticate, Gate, open_gate

__all__ = ["Authenticate", "Gate", "open_gate"]
