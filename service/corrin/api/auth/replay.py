"""Which tokens were used: remembered until they expire, as digests, within a bound.

The one thing a process remembers between requests. Each process has its own: a token could be
used once with each worker of each instance.
"""

from __future__ import annotations

import hashlib
import math
import time
from heapq import heappop, heappush

from corrin.api.auth.refusal import refused

_GRACE_SECONDS = 5.0  # so that none is forgotten before it is refused as expired


class Seen:
    """The token ids of one client."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: list[tuple[float, bytes]] = []
        self._known: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._known)

    def use(self, token_id: str, ends: float) -> None:
        """Use a token once.

        Args:
            ends: moment from which it is refused as expired, in seconds since 1970.

        Raises:
            Problem: 401, it was used before; 503, as many are remembered as may be. None that
                could still be used again is ever forgotten.
        """
        now = time.time()
        while self._ends and self._ends[0][0] <= now:
            self._known.discard(heappop(self._ends)[1])
        digest = hashlib.sha256(token_id.encode("utf-8", "surrogatepass")).digest()
        if digest in self._known:
            raise refused("token-replayed")
        if len(self._known) >= self._most:
            raise refused(
                "replay-full", retry_seconds=max(1, math.ceil(min(self._ends[0][0] - now, 60)))
            )
        self._known.add(digest)
        heappush(self._ends, (ends + _GRACE_SECONDS, digest))
