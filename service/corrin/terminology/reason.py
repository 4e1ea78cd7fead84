"""A reason: why something was refused, is absent, is flagged, or why a whole call failed."""

from __future__ import annotations

from dataclasses import dataclass

REASON_KINDS = ("refusal", "absent", "flag", "call")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason code with its words for people; no placeholder, no patient data.

    Attributes:
        code: what programs compare (``unit-missing``).
        sentence: what is wrong, in one sentence.
        remedy: what to do about it.
        kinds: where it may be used; one code can be both a refusal and a flag.
    """

    code: str
    sentence: str
    remedy: str
    kinds: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The first of its kinds."""
        return self.kinds[0]
