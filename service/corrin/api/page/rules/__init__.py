"""The content for people to browse: packs, rules, cut-offs, evidence, alert rates, coverage.

It holds no patient's data and is kept by caches. ``browser`` prepares what the pages know from the
catalogue: ``uses`` is the way back from a row of the reference, ``observed`` the alert rates,
``history`` what changed in a pack, ``search`` finds in all of it. ``doors`` answers for one pack,
rule or row, ``lists`` for all of a kind; ``written`` writes them, ``addresses`` says where each
stands.
"""

from __future__ import annotations

from corrin.api.page.rules.doors import router

__all__ = ["router"]
