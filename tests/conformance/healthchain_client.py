"""Runs in healthchain's own environment, never in ours: its client, its models, its patients.

    healthchain_client.py URL < cases.json

``URL`` is the base of the service. Each case is ``{"service", "hook", "seed", "prefetch",
"agree"}``. healthchain invents a patient, an encounter and a condition, each with an id or a
subject drawn at random and so of three different people, and draws the patient of the context
anew. With ``agree`` all of them are made the one of the context; without, they stay as drawn.
``prefetch`` is put beside them; ``PERSON`` in it stands for the patient's id.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import httpx
from healthchain.models import CDSResponse
from healthchain.models.responses import CDSServiceInformation
from healthchain.sandbox import SandboxClient
from pydantic import ValidationError


def ask(base: str, case: dict[str, Any]) -> dict[str, Any]:
    """One call as its SandboxClient makes it, and what its models make of the answer."""
    client = SandboxClient(f"{base}/cds-services/{case['service']}", workflow=case["hook"])
    client.load_synthetic(1, random_seed=case["seed"])
    (request,) = client.requests
    request.context.userId = "Practitioner/1"  # it draws patients as users too, who get no cards
    person = request.context.patientId
    invented = request.model_dump(mode="json", exclude_none=True)["prefetch"]
    drawn = invented["patient"]["id"]
    if case["agree"]:
        drawn = person
        invented["patient"]["id"] = person
        invented = json.loads(
            re.sub(r'"Patient/[^"]+"', f'"Patient/{person}"', json.dumps(invented))
        )
    request.prefetch = invented | json.loads(json.dumps(case["prefetch"]).replace("PERSON", drawn))
    (understood,) = client.send_requests()
    sent = request.model_dump(mode="json", exclude_none=True)
    answer = httpx.post(str(client.url), json=sent, timeout=30)
    return {
        "drawn": [person, drawn],
        "born": invented["patient"]["birthDate"],
        "status": answer.status_code,
        "answer": answer.json(),
        "understood": understood,
        "faults": faults(answer.json()) if answer.status_code == 200 else [],
    }


def faults(answer: Any) -> list[dict[str, Any]]:
    """What its models find wrong with an answer: kind and place."""
    try:
        CDSResponse(**answer)
    except ValidationError as error:
        return [{"kind": one["type"], "at": list(one["loc"])} for one in error.errors()]
    return []


def services(base: str) -> list[dict[str, Any]]:
    """The services, as its model of a discovery answer reads them."""
    answer = httpx.get(f"{base}/cds-services", timeout=30)
    answer.raise_for_status()
    return [one.model_dump() for one in CDSServiceInformation(**answer.json()).services]


if __name__ == "__main__":
    url = sys.argv[1].rstrip("/")
    told = {"services": services(url), "cases": [ask(url, one) for one in json.load(sys.stdin)]}
    sys.__stdout__.write(json.dumps(told))
