"""How much of bodies one process holds at once, whoever sends them."""

from __future__ import annotations


class Budget:
    """Bytes of bodies held.

    Small bodies are not counted: their number is bounded by that of connections, and they get
    through when large ones do not.
    """

    def __init__(self, most: int, small: int) -> None:
        self.most, self.small, self.held = most, small, 0

    def share(self) -> Share:
        """The part of one request; to be given back."""
        return Share(self)


class Share:
    """What one request holds of it, in bytes."""

    __slots__ = ("_budget", "_counted", "size")

    def __init__(self, budget: Budget) -> None:
        self._budget, self._counted, self.size = budget, 0, 0

    def grow(self, more: int) -> bool:
        """Hold some more; False when that is more than there is."""
        self.size += more
        budget = self._budget
        if self.size <= budget.small:
            return True
        wanted = self.size - self._counted
        if budget.held + wanted > budget.most:
            return False
        budget.held += wanted
        self._counted = self.size
        return True

    def give_back(self) -> None:
        """Hold nothing any more."""
        self._budget.held -= self._counted
        self._counted = 0
