"""Headers every answer carries for a browser's sake, and which browsers may call."""

from __future__ import annotations

from collections.abc import Sequence

Header = tuple[bytes, bytes]

ALWAYS: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-site"),
)
