"""The API's own description: the OpenAPI document, and the pages that show it.

``document`` completes what the doors say of themselves, ``parts`` holds what they share,
``doors`` serves it; ``examples.json`` holds real requests and answers, written by ``make docs``.
"""

from __future__ import annotations

from corrin.api.openapi.document import describe
from corrin.api.openapi.doors import landing, root, router

__all__ = ["describe", "landing", "root", "router"]
