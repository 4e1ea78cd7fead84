"""Orders of tests that were placed already: not done, not withdrawn. Never facts; they only say
what need not be proposed again."""

from __future__ import annotations

from datetime import UTC, tzinfo

from corrin.facts.case import Placed, Reading
from corrin.facts.moment import Moment
from corrin.intake import order, subject
from corrin.intake.dates import parse_moment
from corrin.intake.harvest import Harvest
from corrin.intake.item import Item

_PENDING = frozenset({"active", "draft", "on-hold"})
# A proposal and an option are not yet anybody's order.
_INTENTS = frozenset(
    {
        *("order", "original-order", "reflex-order", "filler-order", "instance-order"),
        *("plan", "directive"),
    }
)
_NO_RESULT = "entered-in-error"


def read(item: Item, harvest: Harvest) -> None:
    """Note what an order asks for of ours; any other is passed over without a word."""
    resource = item.resource
    status, intent = resource.get("status"), resource.get("intent", "order")
    if not isinstance(status, str) or status not in _PENDING or item.parent is not None:
        return
    if not isinstance(intent, str) or intent not in _INTENTS:
        return
    if resource.get("doNotPerform", False) is not False or resource.get("modifierExtension"):
        return
    if subject.about_patient(item) is not None:
        return
    tests, panels = order.asked(item)
    tests |= order.measured_by(panels)
    if tests:
        harvest.orders.append(Placed(tests, parse_moment(resource.get("authoredOn"), harvest.zone)))
        harvest.taken += 1


def pending(reading: Reading, as_of: str, zone: tzinfo = UTC) -> dict[str, str]:
    """Analyte → when its latest open order was written (``""`` where it does not say).

    An order is open until there is a result of the test that may be later than it. One of a
    later moment than ``as_of`` (a FHIR date, as a report has it, of ``zone`` where it names none)
    was not known then.
    """
    if not reading.orders:
        return {}
    found: dict[str, str] = {}
    now = Moment.parse(as_of, zone)
    for one in reading.orders:
        if one.when is not None and one.when.start > now.end:
            continue
        for name in sorted(one.tests):
            if not _answered(name, one, reading, now):
                found[name] = "" if one.when is None else one.when.text
    return found


def _answered(name: str, one: Placed, reading: Reading, now: Moment) -> bool:
    return one.when is not None and any(
        result.analyte == name
        and result.status != _NO_RESULT
        and result.when is not None
        and one.when.start < result.when.end
        and result.when.start <= now.end
        for result in reading.results
    )
