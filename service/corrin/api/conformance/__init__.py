"""What the FHIR door says of itself: capabilities, the operation, our codes, packs and profiles.

Everything an answer points to by a canonical URL can be read here. ``service`` describes the
service, ``vocabulary`` our code systems, ``artefact`` packs and profiles; ``shelf`` holds them all,
``doors`` answers.
"""

from __future__ import annotations

from corrin.api.conformance.doors import router

__all__ = ["router"]
