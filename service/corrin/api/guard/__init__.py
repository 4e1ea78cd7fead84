"""What stands between the network and the doors: how much a request may hold, and how long.

A request within the bounds passes with its body whole, in one message; one beyond them is
answered here, in the form its door speaks.
"""

from __future__ import annotations

from corrin.api.guard.guard import Guard
from corrin.api.guard.turn import Turn

__all__ = ["Guard", "Turn"]
