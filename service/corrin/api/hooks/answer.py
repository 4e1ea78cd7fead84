"""From the body of a call to its cards: check, read, interpret, show. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from corrin import terminology
from corrin.api import telemetry
from corrin.api.hooks import call, prefetch
from corrin.api.hooks.offer import Offer, Service
from corrin.api.interpreter import Interpreter
from corrin.api.problem import Fault, Problem
from corrin.facts.case import Reading
from corrin.intake import given, order
from corrin.intake.given import StrangerError
from corrin.intake.item import Item
from corrin.intake.order import Order
from corrin.intake.placed import pending
from corrin.notes.report import Report
from corrin.render.cards import Occasion, cards


@dataclass(frozen=True, slots=True)
class Answer:
    """The cards, and the report they show; none where nothing was interpreted."""

    cards: dict[str, Any]
    report: Report | None = None


def answer(
    data: bytes, service: Service, offer: Offer, interpreter: Interpreter, *, base: str
) -> Answer:
    """Answer one call.

    Args:
        data: the body.
        base: public URL of the service.

    Raises:
        IntakeError: the body as a whole cannot be read.
        Problem: 400 a member is missing or wrong; 412 no results were sent; 422 a resource is
            about somebody else.
        corrin.UsageError: the profile asked for is not there.
    """
    asked = call.call_of(call.body_of(data, interpreter.hooks_limits), service, offer)
    if not asked.for_clinician:
        return Answer({"cards": []})
    with telemetry.step("read"):
        reading, found, orders = read(asked, service, interpreter)
    report = interpreter.report(reading, as_of=asked.as_of, profile=asked.profile)
    placed = pending(reading, report.as_of, interpreter.zone)
    occasion = _occasion(asked, found, orders, placed, service, offer)
    with telemetry.step("render"):
        shown = cards(
            report, base=base, about=reading.about, instance=asked.instance, occasion=occasion
        )
    return Answer(shown, report)


def read(
    asked: call.Call, service: Service, interpreter: Interpreter
) -> tuple[Reading, prefetch.Prefetched, tuple[Order, ...]]:
    """What was sent along and what is being ordered, all of it about the one person.

    Raises:
        IntakeError: there is more of it than one request may hold.
        Problem: 412 no results were sent; 422 a resource is about somebody else.
    """
    limits, zone = interpreter.hooks_limits, interpreter.zone
    found = prefetch.prefetched(asked, service)
    try:
        drafts: list[Item] = []
        if asked.orders is not None:
            drafts = given.flatten([("context.draftOrders", asked.orders)], limits).items
            given.owned(drafts, asked.patient, zone=zone)
        # A draft that was sent along as well is still a plan, whatever its copy says.
        walked = given.flatten(found.given, limits, order.keys(drafts))
        orders = order.read(drafts, walked.items)
        reading = given.read(walked, asked.patient, zone=zone)
    except StrangerError as stranger:
        raise _other_patient(stranger.path) from None
    prefetch.need_results(service, found, walked)
    return reading, found, orders


def _occasion(
    asked: call.Call,
    found: prefetch.Prefetched,
    orders: tuple[Order, ...],
    placed: dict[str, str],
    service: Service,
    offer: Offer,
) -> Occasion:
    chosen = order.chosen(orders, asked.selections)
    concepts = terminology.load().concepts
    return Occasion(
        supply=found.supply,
        unsorted=found.unsorted,
        titles={key.name: key.title for key in service.keys.values()},
        key_of=service.key_of,
        ordered=offer.tests_of(orders),
        placed=placed,
        relevant=None if asked.orders is None else offer.topics_of(chosen),
        plans_b12=any(concepts[name].gives_b12 for one in orders for name in one.medicines),
        other_keys=found.others,
    )


def _other_patient(path: str) -> Problem:
    return Problem(
        422,
        Fault(
            "other-patient",
            "A resource is about somebody else than context.patientId, or does not say about whom; "
            "nothing was interpreted.",
            "Send resources of this one patient only, each with its subject.",
            path=path,
        ),
    )
