"""What is measured, with all that decides how a number of it is taken; and the number taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from corrin.facts.fact import Measured
from corrin.intake import lists, reference_range, value
from corrin.intake.finding import stated
from corrin.intake.frame import Frame
from corrin.intake.harvest import Harvest
from corrin.intake.item import Resource
from corrin.terminology import Analyte, LoincCode


@dataclass(slots=True)
class Measurand:
    """A quantity of one Observation or component, before its number is looked at.

    Attributes:
        analyte: what it is.
        loinc: the code that said so.
        frame: what the Observation says for all its values.
        element: where it stands below the Observation (``.component[2]``).
        signs: interpretation codes.
        ranges: ``referenceRange``.
    """

    analyte: Analyte
    loinc: LoincCode
    frame: Frame
    element: str
    signs: tuple[str, ...]
    ranges: Any
    _beyond: str | None = field(init=False)
    _limits: dict[str, reference_range.Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._beyond = _beyond(self.signs) if self.signs else None

    def take(self, node: Resource, harvest: Harvest) -> None:
        """Take the number, or refuse it.

        ``node`` is the element that holds it. It may be asked for several that differ in nothing
        but the figure of ``valueQuantity``.
        """
        analyte, frame, element = self.analyte, self.frame, self.element
        item = frame.item
        found = value.read(node, analyte, self._beyond)
        if isinstance(found, value.Fault):
            harvest.refuse(
                found.reason,
                item,
                element + found.element,
                name=analyte.id,
                detail=found.detail,
                when=frame.when,
                reported=found.reported,
                status=frame.status,
            )
            return
        flags = [*frame.status_flags, *found.flags, *frame.date_flags, *self.loinc.flags]
        if self.loinc.promised and found.dimension not in self.loinc.promised:
            flags.append("code-unit-mismatch")
        interval, text = None, None
        if self.ranges is not None:
            interval, text, unread = self._range(found.unit, node.get("valueQuantity"))
            flags += unread
            signs = self.signs
            if signs and interval and reference_range.disagrees(found.interval, interval, signs):
                flags.append("outside-lab-range-disagrees")
        if frame.haemolysed:
            flags.append("haemolysed")
        doubt = found.doubt
        if doubt is not None:
            flags.append("implausible")
        harvest.results.append(
            Measured(
                analyte=analyte.id,
                interval=found.interval,
                unit=found.unit,
                reported=found.reported,
                when=frame.when,
                origin=item.origin,
                path=item.path + element,
                status=frame.status,
                specimen=frame.specimen or self.loinc.specimen or None,
                reference_range=interval,
                reference_text=text,
                interpretation=self.signs,
                flags=tuple(dict.fromkeys(flags)) if flags else (),
                issued=frame.issued,
                identifiers=frame.identifiers,
                reported_unit=found.ucum,
            )
        )
        why = doubt or frame.status_fault or frame.date_fault
        if why is None:
            harvest.taken += 1
            concept = lists.load().stated_by_result.get(analyte.id)
            if concept is not None:
                harvest.state(stated(concept, True, found.reported, frame, element, ()))
            return
        at = element + ".value" if doubt else (".status" if frame.status_fault else ".effective")
        harvest.refuse(
            why,
            item,
            at,
            name=analyte.id,
            when=frame.when,
            reported=found.reported,
            status=frame.status,
        )

    def _range(self, unit: str, reported_unit: Resource | None) -> reference_range.Found:
        """The laboratory's own interval in a unit; no figure but its own decides it."""
        found = self._limits.get(unit)
        if found is None:
            found = reference_range.read(self.ranges, self.analyte, unit, reported_unit)
            self._limits[unit] = found
        return found


def _beyond(signs: tuple[str, ...]) -> str | None:
    """The comparator meant by an interpretation that says: off the instrument's scale."""
    scales = lists.load().off_scale
    return next((scales[sign] for sign in signs if sign in scales), None)
