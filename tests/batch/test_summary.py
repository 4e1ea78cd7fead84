"""The summary: the numbers of the dataset, no person in it, and nothing that could run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.datasets import patient, result, write
from corrin.batch.compare_dataset import NotADataset
from corrin.batch.question import Question
from corrin.batch.summary import NAME, write_summary
from corrin.batch.summary.numbers import numbers_of
from corrin.batch.summary.page import rendered
from corrin.batch.summary.small import count, counts, per_hundred

AS_OF = "2026-06-30"


def people(low: int = 7, high: int = 30, odd: int = 2) -> list[dict[str, Any]]:
    """Some people with B12 in pg/mL, and a few whose unit is pmol/L."""
    found: list[dict[str, Any]] = []
    for at in range(low + high + odd):
        name = f"kestrel-{at}"
        value = str(120 + at if at < low else 500 + at)
        one = result(name, "total_b12", value, "2026-06-20")
        if at >= low + high:
            one["valueQuantity"] |= {"value": 60, "unit": "pmol/L", "code": "pmol/L"}
        found += [patient(name), one]
    found.append(result("kestrel-0", "potassium", "900", "2026-06-20"))
    return found


def dataset(folder: Path, form: str = "parquet", **more: Any) -> Path:
    """A small dataset."""
    told = {
        "rules": "sha256:0",
        "topics": [],
        "counts": {"read": 80, "used": 79, "superseded": 0, "not_ours": 0, "refused": 1},
        "sources": [
            {
                "file": "export.ndjson",
                "format": "fhir",
                "bytes": 1,
                "counts": {"read": 80, "used": 79, "superseded": 0, "not_ours": 0, "refused": 1},
            }
        ],
        "problems": [],
        "notes": [],
    }
    write(folder, people(), Question(AS_OF), form, told | more)
    return folder


class Cells(HTMLParser):
    """Rows of every table, by its caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._place, self._caption = "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where we are."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "caption":
            self._place = tag
        elif tag == "tr" and self._caption:
            self.tables[self._caption].append([])
        elif tag in ("td", "th") and self._caption:
            self._place = "cell"
            self.tables[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Where we no longer are."""
        if tag in ("caption", "td", "th"):
            self._place = ""
        if tag == "table":
            self._caption = ""

    def handle_data(self, data: str) -> None:
        """The text of a cell, or of a caption."""
        if self._place == "caption":
            self._caption = data
            self.tables[data] = []
        elif self._place == "cell":
            self.tables[self._caption][-1][-1] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with its summary."""
    made = dataset(tmp_path_factory.mktemp("data") / "out")
    assert write_summary(made) == made / NAME
    return made


def test_the_numbers_are_those_of_the_dataset(folder: Path) -> None:
    """Statuses of every topic, urgency, notes, units, refusals: counted from the tables."""
    tables = Cells((folder / NAME).read_text(encoding="utf-8")).tables
    statuses = pq.read_table(folder / "statuses").to_pylist()
    for topic in {one["topic"] for one in statuses}:
        [caption] = [one for one in tables if one.startswith(f"{topic.replace('_', ' ')}: ")]
        told = [int(row[1]) for row in tables[caption][1:] if row[1].isdigit()]
        real = [
            sum(one["topic"] == topic and one["status"] == status for one in statuses)
            for status in {one["status"] for one in statuses if one["topic"] == topic}
        ]
        assert set(told) <= set(real)
    assert tables["The highest urgency of each report"][0] == ["Urgency", "Reports"]
    units = {(row[1], row[3]) for row in tables["Units as they were spelt, by test and file"][1:]}
    assert units == {("pg/mL", "37"), ("pmol/L", "<5"), ("mmol/L", "<5")}
    [row] = tables["Rows and values that were not taken, by reason"][1:]
    assert row[:3] == ["implausible", "1", "1"] and row[4].startswith("Check value, unit")
    assert tables["Where they were met"][1:] == [
        ["implausible", "labs.ndjson", "Observation.value", "1"]
    ]
    files = tables["Files: what was read is what was used, superseded, not ours and refused"]
    assert files[1] == ["export.ndjson", "fhir", "80", "79", "0", "0", "1"]
    # The potassium, too old after a week, stands in it beside the vitamin B12 of everybody.
    assert tables["Age of the results that stand for the person"][1:] == [["8 to 30 days", "40"]]


def test_the_same_dataset_gives_the_same_bytes(folder: Path) -> None:
    """Again, and with the work folder gone."""
    before = (folder / NAME).read_bytes()
    write_summary(folder)
    assert (folder / NAME).read_bytes() == before
    assert not (folder / ".corrin").exists() and not (folder / ".summary.html.part").exists()


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_every_form_of_dataset_gives_the_same_page(tmp_path: Path, folder: Path, form: str) -> None:
    """Whatever the tables are written in."""
    made = dataset(tmp_path / "out", form)
    write_summary(made)
    assert (made / NAME).read_bytes() == (folder / NAME).read_bytes()


def test_nothing_runs_and_nothing_is_fetched(folder: Path) -> None:
    """No script, no inline style, one style sheet by its hash, no address but names of XML."""
    text = (folder / NAME).read_text(encoding="utf-8")
    seen = Cells(text)
    assert seen.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert "style" not in seen.attributes
    assert not any(name.startswith("on") for name in seen.attributes)
    assert "default-src 'none'; style-src 'sha256-" in text
    addresses = set(re.findall(r"https?://[^\"\s<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_pictures_are_told_to_those_who_do_not_see_them(folder: Path) -> None:
    """Each is well formed, has a title, a description and a table, and ids of its own."""
    text = (folder / NAME).read_text(encoding="utf-8")
    drawn = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawn) >= 6
    for one in drawn:
        root = ElementTree.fromstring(one)
        assert root.get("role") == "img"
        title, desc = str(root.get("aria-labelledby")).split()
        names = {child.get("id"): child.text for child in root}
        assert names[title] and "table below" in str(names[desc])
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for used in re.findall(r'(?:url\(#|href="#)([^")]+)', text):
        assert used in ids


def test_no_person_is_in_it(folder: Path) -> None:
    """Neither a name of one, nor a value or a day of one."""
    text = (folder / NAME).read_text(encoding="utf-8")
    assert "kestrel" not in text and "2026-06-20" not in text and "1960" not in text
    assert "900 mmol" not in text


def test_small_counts_are_hidden(folder: Path) -> None:
    """Two people with pmol/L are fewer than five; nothing else gives them away."""
    numbers = numbers_of(folder)
    assert [(row[2], row[4]) for row in numbers.units] == [
        ("mmol/L", 1),
        ("pg/mL", 37),
        ("pmol/L", 2),
    ]
    assert "&lt;5" in (folder / NAME).read_text(encoding="utf-8")


def test_what_small_counts_show() -> None:
    """One hidden count of a group hides the next smallest, a rate only says that it is below."""
    assert [count(one).shown for one in (0, 1, 4, 5, 1234)] == ["0", "<5", "<5", "5", "1,234"]
    assert [one.shown for one in counts([100, 40, 3])] == ["100", "hidden", "<5"]
    assert [one.shown for one in counts([100, 3, 2])] == ["100", "<5", "<5"]
    assert [one.shown for one in counts([3, 0])] == ["<5", "0"]
    assert [one.drawn for one in counts([100, 40, 3])] == [100, 0, 0]
    assert per_hundred(3, 1000) == "<0.5"
    assert per_hundred(0, 1000) == "0.0"
    assert per_hundred(25, 1000) == "2.5"
    assert per_hundred(7, 10_000) == "0.07"
    assert per_hundred(0, 0) == ""


HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m.csv"


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path) -> None:
    """In a file's name, a reason, a unit and a column."""
    made = dataset(
        tmp_path / "out",
        notes=[HOSTILE],
        problems=[{"file": HOSTILE, "line": 3, "reason": "input-truncated"}],
        state="partial",
    )
    place = made / "refusals" / "part-00000.parquet"
    table = pq.read_table(place)
    for name in ("file", "reason", "path", "says", "remedy"):
        at = table.schema.get_field_index(name)
        column = pa.array([HOSTILE] * table.num_rows, pa.string())
        table = table.set_column(at, name, column)
    pq.write_table(table, place)
    place = made / "inputs" / "part-00000.parquet"
    table = pq.read_table(place)
    at = table.schema.get_field_index("file")
    table = table.set_column(at, "file", pa.array([HOSTILE] * table.num_rows, pa.string()))
    pq.write_table(table, place)
    text = write_summary(made).read_text(encoding="utf-8")
    assert "<img" not in text and "\u202e" not in text and "\x1b" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202e\\x1b[31m.csv" in text
    assert "The run is not complete: 1 problems with files" in text
    for one in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(one)


def test_what_changed_is_told(tmp_path: Path) -> None:
    """Where the run was compared with another."""
    made = dataset(tmp_path / "out")
    changes = {
        "reports": {
            "before": 40, "after": 41, "both": 40, "changed": 12, "same": 28, "appeared": 1,
            "disappeared": 0,
        },
        "packs": ["ng239: 1.0.0 to 1.1.0"],
        "statuses": [
            {"topic": "b12_status", "before": "indeterminate", "after": None, "reports": 12},
            {"topic": "anaemia", "before": "mild", "after": "moderate", "reports": 2},
        ],
        "because": [{"because": "input total_b12", "changes": 14}],
    }  # fmt: skip
    (made / "changes.json").write_text(json.dumps(changes))
    tables = Cells(rendered(numbers_of(made))).tables
    assert tables["Statuses"][1:] == [
        ["b12 status", "indeterminate", "several possible", "12"],
        ["anaemia", "mild", "moderate", "<5"],
    ]
    assert tables["Because of"][1:] == [["input total_b12", "14"]]


def test_units_that_lie_far_from_the_others_are_pointed_out(tmp_path: Path) -> None:
    """A laboratory that writes pg/mL and means pmol/L, or the like."""
    found: list[dict[str, Any]] = []
    for at in range(60):
        one = result(f"p{at}", "total_b12", str(400 + at), "2026-06-20")
        if at < 25:
            one["valueQuantity"] |= {"value": 40 + at, "unit": "ng/L", "code": "ng/L"}
        found.append(one)
    made = tmp_path / "out"
    write(made, found, Question(AS_OF), "parquet")
    tables = Cells(write_summary(made).read_text(encoding="utf-8")).tables
    first, second = tables["Units as they were spelt, by test and file"][1:]
    assert (first[1], first[3], first[6]) == ("ng/L", "25", "8.5 times lower")
    assert (second[1], second[3], second[6]) == ("pg/mL", "35", "")


def test_an_empty_dataset_has_a_page(tmp_path: Path) -> None:
    """Nobody, nothing, and no picture of it."""
    made = tmp_path / "out"
    write(made, [], Question(AS_OF), "parquet")
    text = write_summary(made).read_text(encoding="utf-8")
    assert "0 about 0 people" in text


def test_what_is_no_dataset_gets_no_page(tmp_path: Path) -> None:
    """It says so."""
    with pytest.raises(NotADataset):
        write_summary(tmp_path)
