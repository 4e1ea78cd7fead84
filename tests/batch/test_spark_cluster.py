"""The engine on a standalone cluster, where Corrin is not installed: the package goes with the job.

A master and two workers on loopback, as anybody starts them. Executors have all that Corrin is
built on, and not Corrin.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import exports, site, sparked

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

PEOPLE = 16
SITE = site.site(site.cut_off("ng239", "total_b12_low", "{ng/L: 153, pmol/L: 113}"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def python(place: Path) -> Path:
    return sparked.bare_python(place / "bare")


@pytest.fixture(scope="module")
def cluster(place: Path, spark: sparked.Driver) -> Iterator[sparked.Cluster]:
    with sparked.cluster(place / "nodes") as found:
        yield found
        spark.off()


@pytest.fixture
def driver(spark: sparked.Driver, cluster: sparked.Cluster, python: Path) -> sparked.Driver:
    conf = {
        "spark.master": cluster.master,
        "spark.ui.enabled": "false",
        "spark.executor.memory": "512m",
        # Who has lost an executor asks again, and sooner than it would in a network.
        "spark.shuffle.io.maxRetries": "1",
        "spark.shuffle.io.retryWait": "100ms",
    }
    return spark.on(conf, executors=python)


@pytest.fixture(scope="module")
def export(place: Path) -> Path:
    return exports.export(place / "export", PEOPLE, results=24, files=4)


def test_executors_have_no_corrin(python: Path) -> None:
    tried = subprocess.run(
        [str(python), "-c", "import pyarrow, corrin"],
        capture_output=True,
        env=sparked.environment(),
        check=False,
    )
    assert b"No module named 'corrin'" in tried.stderr


def test_a_dataset_is_that_of_the_local_engine(
    driver: sparked.Driver, export: Path, place: Path
) -> None:
    """With a cut-off of a site, so that what was sent is what judges."""
    overlay = place / "here only.yaml"
    overlay.write_bytes(SITE)
    asked_for = {"overlay": str(overlay)}
    out = place / "spark"
    told = driver.run(inputs=[str(export)], out=str(out), format="ndjson", question=asked_for)
    assert told.get("state") == "complete", told
    asked = exports.asked(export, place / "local", "--format", "ndjson", "--overlay", str(overlay))
    assert exports.here(*asked, "--workers", "1") == 0
    sparked.same(out, place / "local")
    plain = exports.asked(export, place / "plain", "--format", "ndjson")
    assert exports.here(*plain, "--workers", "1") == 0
    assert sparked.rows(out)["statuses"] != sparked.rows(place / "plain")["statuses"]


def test_a_worker_killed_in_the_midst_changes_nothing(
    driver: sparked.Driver, cluster: sparked.Cluster, export: Path, place: Path
) -> None:
    """The last test here: of two workers one is left."""
    out = place / "killed"
    driver.begin(inputs=[str(export)], out=str(out), format="csv")
    until = time.monotonic() + sparked.SECONDS
    while not (out / ".corrin" / "tables").exists():  # it has read, judged and begun to write
        assert time.monotonic() < until
        time.sleep(0.01)
    assert cluster.executors()["worker-0"], "an executor is there"
    cluster.kill("worker-0")
    assert not (out / "run.json").exists(), "it was not in the midst"
    told = driver.wait()
    assert told.get("state") == "complete", told
    asked = exports.asked(export, place / "undisturbed", "--format", "csv")
    assert exports.here(*asked, "--workers", "1") == 0
    sparked.same(out, place / "undisturbed")
    assert cluster.executors()["worker-0"] == [] != cluster.executors()["worker-1"]
