"""The page for people: enter results, read the notes, question them, take them along.

Written on the server, so that it works without script; script makes it better. Nothing is stored:
what was entered travels with every question, in the body, never in an address.

``enter`` reads what a person typed, pasted or picked; ``answer`` shows what was made of it;
``question`` answers what a reader asks of it; ``rules`` shows the content; ``layout`` writes every
page, with its content policy; ``static`` are the files they load.
"""

from __future__ import annotations

from corrin.api.page.doors import router

__all__ = ["router"]
