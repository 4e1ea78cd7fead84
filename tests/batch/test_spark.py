"""The engine on Spark, on this machine: the same dataset as that of the local engine.

Its session is Corrin's own, begun as ``spark-submit`` says, by which master and settings are given.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from batch.conftest import WARD
from support import exports, sparked

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

PEOPLE = 24


@pytest.fixture(scope="module")
def place(spark_place: Path) -> Path:
    return spark_place


@pytest.fixture
def driver(spark: sparked.Driver) -> sparked.Driver:
    return spark.on()


@pytest.fixture(scope="module")
def export(place: Path) -> Path:
    """People in several files: versions of a result in two of them, one packed, one deleted, one
    that two people have."""
    folder = exports.export(place / "export", PEOPLE, files=3)
    newer = exports.result(1, 0, status="corrected", meta={"versionId": "2"})
    older = exports.result(2, 0, status="preliminary", meta={"versionId": "0"})
    others = exports.result(4, 0, subject={"reference": "Patient/person-5"})
    more = [newer, older, others, *(exports.result(one, 7) for one in range(PEOPLE))]
    (folder / "later.ndjson.gz").write_bytes(gzip.compress(exports.lines(more)))
    deleted = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Observation/o-3-0"}}],
    }
    (folder / "deleted.ndjson").write_bytes(exports.lines([deleted]))
    return folder


@pytest.fixture(scope="module")
def inputs(place: Path) -> Path:
    """Few people."""
    return exports.export(place / "few", 12)


def local(inputs: Path, out: Path, *more: str) -> Path:
    """What the local engine makes of it."""
    assert exports.here(*exports.asked(inputs, out, "--workers", "1", *more)) == 0
    return out


@pytest.mark.parametrize("form", ["parquet", "csv", "fhir"])
def test_a_dataset_is_that_of_the_local_engine(
    driver: sparked.Driver, export: Path, place: Path, form: str
) -> None:
    told = driver.run(inputs=[str(export)], out=str(place / f"spark-{form}"), format=form)
    assert told["state"] == "complete", told
    assert told["counts"]["superseded"] == 3
    here = local(export, place / f"local-{form}", "--format", form)
    for one in ("Device", "manifest.json"):  # written over a finished dataset, by either engine
        for path in (here / "fhir").glob(one):
            _remove(path)
    sparked.same(place / f"spark-{form}", here)
    if form == "csv":
        refused = "".join(sparked.rows(here)["refusals"])
        assert refused.count('"input-person-disputed"') == 2
    endings = {path.suffix for path in (place / f"spark-{form}").glob("reports/*")}
    assert endings == {".ndjson" if form == "fhir" else f".{form}"}


def _remove(path: Path) -> None:
    if path.is_file():
        path.unlink()
        return
    for one in path.iterdir():
        one.unlink()
    path.rmdir()


def test_an_address_only_hadoop_can_open_is_read_and_written(
    driver: sparked.Driver, export: Path, place: Path
) -> None:
    """Files that Spark cuts at lines, files it fetches whole, and a name full of signs."""
    away = place / "away" / "night [1] {a}"
    away.mkdir()
    for file in export.iterdir():
        (away / file.name.replace("Observation.", "Observation of *")).write_bytes(
            file.read_bytes()
        )
    told = driver.run(
        inputs=[f"{WARD}/{away.name}"], out=f"{WARD}/answers", format="ndjson", split=16 * 1024
    )
    assert told.get("state") == "complete", told
    out = place / "away" / "answers"
    here = local(away, place / "local-away", "--format", "ndjson")
    for file in out.rglob(".*.crc"):
        file.unlink()
    sparked.same(out, here)
    lines = {json.loads(one)["line"] for one in sparked.rows(out)["refusals"]}
    assert max(lines) > PEOPLE  # of a piece that was not the first

    again = driver.run(inputs=[f"{WARD}/{away.name}"], out=f"{WARD}/answers")
    assert again["failed"]["what"] == "The dataset cannot be written there."
    assert again["failed"]["why"] == "A finished dataset is there."


def test_an_address_where_nothing_is(driver: sparked.Driver, place: Path) -> None:
    told = driver.run(inputs=[f"{WARD}/nothing"], out=str(place / "of-nothing"))
    assert told["failed"]["what"] == "There is nothing to read."
    assert "input-missing" in told["failed"]["why"]
    assert not (place / "of-nothing").exists()


def test_a_file_cut_short_is_told_and_the_rest_done(
    driver: sparked.Driver, export: Path, place: Path
) -> None:
    short = place / "short"
    short.mkdir()
    (short / "Patient.ndjson").write_bytes((export / "Patient.ndjson").read_bytes())
    packed = (export / "later.ndjson.gz").read_bytes()
    (short / "later.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    told = driver.run(inputs=[str(short)], out=str(place / "spark-short"), format="csv")
    assert told["state"] == "partial"
    assert exports.here(*exports.asked(short, place / "local-short", "--format", "csv")) == 3
    sparked.same(place / "spark-short", place / "local-short")


@pytest.mark.samples
def test_public_samples_of_every_kind_give_the_same(
    driver: sparked.Driver, samples: Path, place: Path
) -> None:
    inputs = [str(samples / name) for name in ("fhir", "hl7v2", "omop")]
    told = driver.run(inputs=inputs, out=str(place / "spark-samples"), format="ndjson")
    assert "state" in told, told
    asked = exports.asked(Path(inputs[0]), place / "local-samples", "--format", "ndjson")
    ran = exports.told(*inputs[1:], *asked)
    assert ran.returncode == (0 if told["state"] == "complete" else 3), ran.stderr.decode()
    sparked.same(place / "spark-samples", place / "local-samples")


def test_executors_without_python(driver: sparked.Driver, inputs: Path, tmp_path: Path) -> None:
    """Trouble inside Spark is told in words, and what was begun does not look whole."""
    out = tmp_path / "out"
    none = str(tmp_path / "no-python")
    told = driver.run(inputs=[str(inputs)], out=str(out), python=none)["failed"]
    assert (told["kind"], told["what"]) == ("usage", "Executors could not start Python.")
    assert "PYSPARK_PYTHON" in told["do"]
    assert [one.name for one in out.iterdir()] == [".corrin"]


def test_interrupted_then_begun_again(driver: sparked.Driver, inputs: Path, tmp_path: Path) -> None:
    """Ended by Ctrl-C as a person meets it; gone on with under ``spark-submit``."""
    out = tmp_path / "out"
    asked = ["batch", *exports.asked(inputs, out, "--format", "csv"), "--engine", "spark"]
    process = subprocess.Popen(
        [str(sparked.folder() / "bin" / "corrin"), *asked],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=sparked.environment(),
    )
    until = time.monotonic() + sparked.SECONDS
    while not (out / ".corrin" / "plan.json").exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    java_processes = list(exports.descendants(process.pid))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=sparked.SECONDS)
    assert process.returncode == 130, said.decode()
    assert b"--resume" in said and b"Traceback" not in said
    assert [one.name for one in out.iterdir()] == [".corrin"]
    until = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{one}") for one in java_processes):
        assert time.monotonic() < until, "Java goes on"
        time.sleep(0.1)

    told = driver.run(inputs=[str(inputs)], out=str(out), format="csv")["failed"]
    assert told["kind"] == "usage" and "unfinished" in told["what"]
    assert driver.command(*asked, "--resume") == 0
    sparked.same(out, local(inputs, tmp_path / "local", "--format", "csv"))
    assert json.loads((out / "timing.json").read_bytes())["master"] == "local[2]"


def test_nothing_of_a_person_is_in_what_spark_writes_down(
    driver: sparked.Driver, place: Path
) -> None:
    """The event log, and all that the driver and Java said, over all jobs before and one more."""
    marked = place / "marked"
    marked.mkdir()
    people: list[dict[str, Any]] = [exports.patient(1) | {"id": "Qzx1Jvw"}]
    results = [
        exports.result(1, at, subject={"reference": "Patient/Qzx1Jvw"}, id=f"Qzx{at}Kvw")
        for at in range(6)
    ]
    results.append(results[0] | {"valueString": "Qzx2Jvw"})
    data = exports.lines([*people, *results]) + b'{"Qzx3Jvw": \n'
    (marked / "all.ndjson").write_bytes(data)
    told = driver.run(inputs=[str(marked)], out=str(place / "spark-marked"), format="csv")
    assert told["counts"]["refused"] >= 1
    assert "Qzx1Jvw" in (place / "spark-marked" / "reports" / "part-00000.csv").read_text()
    said = driver.log.read_bytes()
    logs = [path for path in (place / "events").rglob("*") if path.is_file()]
    for path in logs:
        said += path.read_bytes()
    assert b"corrin batch: judging" in said and b"MapInArrow" in said
    for mark in (b"Qzx", b"person-", b"o-1-0"):
        assert mark not in said
