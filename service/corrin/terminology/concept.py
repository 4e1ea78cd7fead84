"""A context concept: a finding, condition, procedure, medicine or diet, and the codes for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConceptKind = Literal["finding", "condition", "procedure", "medicine", "diet"]


@dataclass(frozen=True, slots=True)
class Code:
    """One code that states a concept.

    Attributes:
        system: canonical URI of the code system.
        code: the code; with ``prefix`` the beginning of every code meant.
        checked: how it was checked, as printed in our table.
        note: what a reader should know of it.
        prefix: whether longer codes that begin with this one are meant too.
        unspecific: the code also covers other things, so it supports and never proves.
        denies: the code states that the concept does **not** hold (``not pregnant``).
    """

    system: str
    code: str
    checked: str
    note: str = ""
    prefix: bool = False
    unspecific: bool = False
    denies: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """Data-quality flags a statement by this code always carries."""
        found = () if self.verified else ("code-unverified",)
        return (*found, "code-unspecific") if self.unspecific else found

    @property
    def verified(self) -> bool:
        """Whether code and meaning were both seen in a named source."""
        return self.checked.startswith("V:")


@dataclass(frozen=True, slots=True)
class Concept:
    """Something stated of a person; its id is the name of its fact in conditions.

    Attributes:
        id: our name (``pernicious_anaemia``).
        name: name in sentences.
        kind: what sort of statement it is.
        codes: codes that state it.
        names: texts that state it (ingredient names for medicines), without regard to case.
        gives_b12: whether taking it treats vitamin B12 deficiency.
        within: ids of wider concepts that hold wherever this one does (a denial says nothing of
            them).
        notes: what a reader should know of it.
    """

    id: str
    name: str
    kind: ConceptKind
    codes: tuple[Code, ...] = ()
    names: tuple[str, ...] = ()
    gives_b12: bool = False
    within: tuple[str, ...] = ()
    notes: str = ""
