"""No message names anything of a patient: not when a call is refused, not when all goes well."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import corrin
from support import places
from support.command import run

# Planted where a record holds a person; none of them may come out in a message.
SECRETS = (
    "Quillfeather",
    "1931-07-23",
    "999-431-2207",
    "Thornapple",
    "4711.0815",
)


def _bundle() -> dict[str, Any]:
    name, birth, number, address, value = SECRETS
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "p",
                    "identifier": [{"system": "https://example.org/ids", "value": number}],
                    "name": [{"family": name}],
                    "birthDate": birth,
                    "address": [{"line": [address]}],
                    "gender": "female",
                }
            },
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": "b12",
                    "status": "final",
                    "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
                    "subject": {"reference": "Patient/p", "display": name},
                    "effectiveDateTime": "2026-03-01",
                    "valueQuantity": {"value": float(value), "unit": "ng/L"},
                    "note": [{"text": f"{name}, {number}"}],
                }
            },
        ],
    }


def _two_people() -> bytes:
    bundle = _bundle()
    other = {**bundle["entry"][0]["resource"], "id": "q", "identifier": []}
    bundle["entry"].append({"resource": other})
    return json.dumps(bundle).encode()


def _deep() -> bytes:
    return b'{"resourceType":"Bundle","id":' + b"[" * 500 + f'"{SECRETS[0]}"'.encode() + b"]" * 500


GOOD = json.dumps(_bundle()).encode()
REFUSED = {
    "two people": _two_people(),
    "cut off": GOOD[:-9],
    "not JSON": GOOD.replace(b'"status"', SECRETS[0].encode()),
    "key twice": GOOD.replace(b'"family":', f'"family": "{SECRETS[3]}", "family":'.encode()),
    "not finite": GOOD.replace(SECRETS[4].encode(), b"NaN"),
    "too deep": _deep(),
    "not FHIR": json.dumps({"name": SECRETS[0], "born": SECRETS[1]}).encode(),
    "not UTF-8": GOOD + b"\xff" + SECRETS[0].encode(),
}


def _command(
    *arguments: str, data: bytes, cwd: Path, own: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """What the command says, in a process of its own or in this one."""
    if not own:
        with contextlib.chdir(cwd):
            return run("interpret", *arguments, stdin=data)
    code = "import sys; from corrin.cli import main; sys.argv[0] = 'corrin'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "interpret", *arguments],
        input=data,
        cwd=cwd,
        capture_output=True,
        env={"PYTHONPATH": str(places.SERVICE), "PATH": "", "LC_ALL": "C.UTF-8"},
        timeout=60,
    )


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused_call_names_nothing_of_the_patient(data: bytes) -> None:
    with pytest.raises(corrin.IntakeError) as caught:
        corrin.interpret(data, as_of="2026-03-02")
    said = f"{caught.value} {caught.value!r} {caught.value.problems}"
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("name", ["two people", "cut off", "not FHIR"])
def test_command_says_nothing_of_the_patient_on_standard_error(name: str, tmp_path: Path) -> None:
    ran = _command("-", data=REFUSED[name], cwd=tmp_path, own=name == "two people")
    assert ran.returncode not in (0, 1)
    said = (ran.stderr + ran.stdout).decode()
    assert said and "Traceback" not in said
    assert not [secret for secret in SECRETS if secret in said]
    assert not list(tmp_path.iterdir())


def test_strict_judgement_repeats_no_value(tmp_path: Path) -> None:
    bundle = _bundle()
    bundle["entry"][0]["resource"]["gender"] = {"text": SECRETS[0]}
    bundle["entry"][1]["resource"]["subject"] = SECRETS[3]
    ran = _command("-", "--strict", data=json.dumps(bundle).encode(), cwd=tmp_path)
    assert ran.returncode not in (0, 1)
    said = (ran.stderr + ran.stdout).decode()
    assert said and not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("form", ["json", "text", "html"])
def test_report_holds_results_and_no_identity(form: str, tmp_path: Path) -> None:
    arguments = ("-", "--format", form, "--as-of", "2026-03-02")
    ran = _command(*arguments, data=GOOD, cwd=tmp_path, own=form == "text")
    assert ran.returncode == 0 and not ran.stderr
    said = ran.stdout.decode()
    assert SECRETS[4].rstrip("0") in said, "the result itself is the point of a report"
    assert not [secret for secret in SECRETS[:4] if secret in said]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("strict", [False, True])
def test_problems_say_by_position_where_they_stand(strict: bool) -> None:
    bundle = _bundle()
    observation = bundle["entry"][1]["resource"]
    observation["id"] = observation["subject"]["display"] = SECRETS[0]
    inner = {"resourceType": "Observation", "id": SECRETS[0], "subject": {"reference": "Patient/q"}}
    if strict:  # what the narrow reader finds in what the library lets through
        observation["status"] = "surely-final"
        wanted = "Bundle.entry[1].resource.status"
    else:
        observation["contained"] = [{"resourceType": "Basic"}, inner]
        wanted = "Bundle.entry[1].resource.contained[1].subject"
    with pytest.raises(corrin.IntakeError) as caught:
        corrin.interpret(bundle, strict=strict, as_of="2026-03-02")
    assert [one.path for one in caught.value.problems] == [wanted]
