"""``--zone`` of the commands that read cases and moments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corrin.cli.program import run

SYDNEY = "Australia/Sydney"
MORNING = "2026-11-21T22:00:00Z"
COMMANDS = {
    "interpret": ("interpret", "{file}", "--format", "json"),
    "compare": ("compare", "{file}", "--packs", "ng239,aafp-2025", "--format", "json"),
    "diff": ("rules", "diff", "ng239", "mayo-acasm", "--data", "{file}", "--format", "json"),
}
CASE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "Observation",
                "id": "b12",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]},
                "effectiveDateTime": "2026-11-22",
                "valueQuantity": {
                    "value": 120,
                    "unit": "ng/L",
                    "system": "http://unitsofmeasure.org",
                    "code": "ng/L",
                },
            }
        }
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "case.json"
    found.write_text(json.dumps(CASE))
    return found


def ran(
    capsys: pytest.CaptureFixture[str], command: str, file: Path, *more: str
) -> tuple[int, str, str]:
    code = run([part.format(file=file) for part in COMMANDS[command]] + list(more))
    said = capsys.readouterr()
    return code, said.out, " ".join(said.err.split())


def status(command: str, out: str) -> object:
    found = json.loads(out)
    if command == "interpret":
        return found["statuses"]["b12_status"]["status"]
    return found["columns"][0]["status"]["status"]


@pytest.mark.parametrize("command", ["interpret", "compare"])
def test_the_zone_decides_whether_a_date_is_of_the_future(
    capsys: pytest.CaptureFixture[str], file: Path, command: str
) -> None:
    asked = ("--as-of", MORNING)
    code, out, _ = ran(capsys, command, file, *asked, "--zone", SYDNEY)
    assert (code, status(command, out)) == (0, "deficiency_confirmed")
    code, out, _ = ran(capsys, command, file, *asked)
    assert (code, status(command, out)) == (0, "not_assessable")


def test_a_moment_without_a_zone_is_of_the_zone(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    for day, found in (("2026-11-21", "not_assessable"), ("2026-11-22", "deficiency_confirmed")):
        _, out, _ = ran(capsys, "interpret", file, "--as-of", day, "--zone", SYDNEY)
        assert status("interpret", out) == found
    asked = ("--as-of", "2026-11-22T09:00:00", "--zone", SYDNEY)
    _, out, _ = ran(capsys, "interpret", file, *asked)
    assert json.loads(out)["as_of"] == "2026-11-22T09:00:00+11:00"
    _, out, _ = ran(capsys, "interpret", file, *asked[2:], "--as-of", "2026-11-22", "-f", "fhir")
    bundle = json.loads(out)
    assert bundle["timestamp"] == "2026-11-22T12:59:59Z"  # the last second of that day there


def test_cases_of_a_folder_are_of_the_zone(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    """Between the cut-offs of two guidelines they differ, unless the sample is of the future."""
    file.write_text(file.read_text().replace("120", "160"))

    def changed(*more: str) -> object:
        code, out, _ = ran(capsys, "diff", file, "--as-of", MORNING, *more)
        assert code == 0
        return json.loads(out)["cohort"]["changed"]

    assert (changed("--zone", SYDNEY), changed()) == (1, 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_zone_that_is_none_is_told_as_a_batch_tells_it(
    capsys: pytest.CaptureFixture[str], file: Path, command: str
) -> None:
    code, out, err = ran(capsys, command, file, "--zone", "Europe/Londen")
    assert (code, out) == (2, "")
    assert "There is no such time zone. where --zone why Times that name none" in err
    assert "Europe/London" in err
