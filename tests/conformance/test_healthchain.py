"""Somebody else's CDS Hooks client calls our service: PyPI ``healthchain``, in its own environment.

It invents the patient and draws every id at random, so what it sends by itself is of several
people. Those requests are refused; with all ids made equal it gets cards.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from support import ehr, places, thirdparty
from support.service import service

pytestmark = [pytest.mark.healthchain, pytest.mark.xdist_group("healthchain")]

DEMO = places.CASES / "demo" / "request.json"
SEEDS = range(4)
HOOK = "patient-view"  # the only hook it invents a patient for

# Its model of a link demands a member of this name, which the specification does not have
# (``autolaunchable`` is one of its draft, optional). Nothing else may be wrong.
DEMANDED = "autoLaunchable"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What came of four invented patients with one id each, and of four with several."""
    missing = thirdparty.lacking()
    if missing:
        pytest.fail(f"healthchain must run here: its environment is not ready ({missing}).")
    record = ehr.record(ehr.today(json.loads(DEMO.read_bytes())))
    person = next(one["id"] for one in record if one["resourceType"] == "Patient")
    with service() as running:
        _, _, body = running.ask("/cds-services")
        offered = [one for one in json.loads(body)["services"] if one["hook"] == HOOK]
        found = ehr.prefetch(offered[0], record)
        found = {key: value for key, value in found.items() if key != "patient"}
        found = json.loads(json.dumps(found).replace(f"Patient/{person}", "Patient/PERSON"))
        cases = [
            {
                "service": offered[0]["id"],
                "hook": HOOK,
                "seed": seed,
                "prefetch": found,
                "agree": agree,
            }
            for agree in (True, False)
            for seed in SEEDS
        ]
        return thirdparty.ask(running.url, *cases) | {"offered": json.loads(body)["services"]}


def test_it_reads_the_discovery(told: dict[str, Any]) -> None:
    """Every service, with everything its model knows of."""
    assert len(told["services"]) == len(told["offered"]) >= 1
    for read, offered in zip(told["services"], told["offered"], strict=True):
        for name in ("hook", "id", "title", "description", "prefetch", "usageRequirements"):
            assert read[name] == offered.get(name)


def test_one_person_gets_cards(told: dict[str, Any]) -> None:
    """Grown-ups do; it invents children too, for whom the rules are not made."""
    adults = 0
    for case in told["cases"][: len(SEEDS)]:
        assert case["status"] == 200, case["answer"]
        assert case["drawn"][0] == case["drawn"][1]
        if int(case["born"][:4]) < datetime.now(UTC).year - 18:
            assert case["answer"]["cards"]
            adults += 1
        assert [card["summary"] for card in case["understood"]["cards"]] == [
            card["summary"] for card in case["answer"]["cards"]
        ]
    assert adults


def test_its_models_read_the_cards(told: dict[str, Any]) -> None:
    """But for the one member they demand and the specification does not have."""
    for case in told["cases"][: len(SEEDS)]:
        other = [
            fault
            for fault in case["faults"]
            if not (fault["kind"] == "missing" and fault["at"][-1] == DEMANDED)
        ]
        assert other == []


def test_results_of_several_people_are_refused(told: dict[str, Any]) -> None:
    """As it sends them by itself: the context names one person, the Patient is another."""
    for case in told["cases"][len(SEEDS) :]:
        assert case["drawn"][0] != case["drawn"][1]
        assert case["status"] in (400, 412, 422)
        assert case["answer"]["resourceType"] == "OperationOutcome"
        assert case["understood"] == {}
        for drawn in case["drawn"]:
            assert drawn not in json.dumps(case["answer"])
