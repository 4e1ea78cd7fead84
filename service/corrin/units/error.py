"""The one error conversion raises."""

from __future__ import annotations


class UnitError(ValueError):
    """A value that cannot be converted.

    Attributes:
        reason: a code of ``rules/terminology/reasons.yaml``.
        detail: which units were met; never the value.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
