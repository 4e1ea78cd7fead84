"""The catalogue: what the service reads and says, and on what that rests. No patient data.

``collect`` puts the content of the rules, as they run at this site, into the forms of ``form``;
``shelf`` holds them by id; ``doors`` answers, ``pages`` writes a rule for people.
"""

from __future__ import annotations

from corrin.api.catalogue.doors import router

__all__ = ["router"]
