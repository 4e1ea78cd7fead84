"""The page for operators names every event and metric there is, and none there is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from starlette.testclient import TestClient

from support import places

PAGE = (places.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
API = places.SERVICE / "corrin" / "api"
# Where the name is a parameter: what is handed on is found at the call.
TELLING = {"tell": 1, "event": 0, "_fallen": 0}


def _rows(heading: str) -> Iterator[list[str]]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _events() -> set[str]:
    found = set()
    for file in API.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            at = TELLING.get(name)
            if at is not None and len(node.args) > at:
                found |= {
                    part.value
                    for part in ast.walk(node.args[at])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return found


def test_every_event_is_told_and_no_other() -> None:
    told = {name for row in _rows("The log") for name in re.findall(r"`([\w.-]+)`", row[0])}
    assert told == _events() and len(told) > 12


def test_every_metric_is_told_with_its_labels_and_no_other(client: TestClient) -> None:
    told = {
        row[0].strip("`"): (row[1], {one.strip() for one in row[2].split(",")} - {""})
        for row in _rows("Metrics")
    }
    metrics = client.app.state.metrics  # type: ignore[attr-defined]
    names = metrics.registry._names_to_collectors
    found = {}
    for collector in set(names.values()):
        kind = getattr(collector, "_type", "")
        if not getattr(collector, "_name", "").startswith("corrin_"):
            continue
        name = collector._name + ("_total" if kind == "counter" else "")
        found[name] = (kind, set(collector._labelnames))
    assert told == found


def test_the_probes_are_there(client: TestClient) -> None:
    for row in _rows("Probes"):
        assert client.get(row[0].strip("`")).status_code == 200


def test_alerts_ask_for_metrics_there_are() -> None:
    told = {row[0].strip("`") for row in _rows("Metrics")}
    asked = set(re.findall(r"corrin_\w+", PAGE.split("### Alerts")[1].split("\n## ")[0]))
    assert asked and {name.removesuffix("_bucket") for name in asked} <= told
