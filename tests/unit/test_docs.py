"""Generated pages say what the code and the content say now."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from support import places


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", places.ROOT / "docs/generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()


# Counted over thousands of adults; `make docs-check`, a part of `make check`, does so too.
COUNTED = {"alert-rates.md": [pytest.mark.soak]}


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=COUNTED.get(one, [])) for one in sorted(GENERATE.PAGES)]
)
def test_page_is_up_to_date(name: str) -> None:
    written = (places.ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == GENERATE.PAGES[name][1](), "run: make docs"


def test_index_lists_every_page() -> None:
    assert (places.ROOT / "docs/README.md").read_text(encoding="utf-8") == GENERATE.index()


def test_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert GENERATE.main(["--chek"]) == 2
    assert "--check" in capsys.readouterr().err


def test_table_escapes_its_cells() -> None:
    assert GENERATE.table(("a|b",), [("1\n2",)]) == "| a\\|b |\n| --- |\n| 1 2 |\n"


def test_readme_shows_the_note_the_program_writes() -> None:
    assert (places.ROOT / "README.md").read_text(encoding="utf-8") == GENERATE.readme()
