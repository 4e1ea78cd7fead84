"""Content (``rules/``) read from disk: YAML with exact decimals, unique keys and line numbers.

The folder lies inside the wheel as ``corrin/_rules`` and beside ``service/`` in a checkout.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
LINE = "__line__"


class ContentError(ValueError):
    """A content file that cannot be read: says which file, which line, and why."""

    def __init__(self, file: Path | str, line: int, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}")
        self.file, self.line, self.why = str(file), line, why


def rules_root() -> Path:
    """The folder that holds terminology, packs and profiles.

    Raises:
        ContentError: neither the wheel's nor the checkout's folder is there.
    """
    for root in (_HERE / "_rules", _HERE.parents[1] / "rules"):
        if root.is_dir():
            return root
    raise ContentError("rules", 0, "the content folder is missing from this installation")


class Located(dict[str, Any]):
    """A mapping that remembers the line it began on, and the line of each key."""

    line: int = 0
    lines: dict[str, int]


class _Loader(yaml.CSafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Located:
    loader.flatten_mapping(node)
    found = Located()
    found.line = node.start_mark.line + 1
    found.lines = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = key_node.start_mark.line + 1
    return found


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def read_documents(file: Path) -> list[Any]:
    """Every YAML document of one file; floats are ``Decimal``, mappings are :class:`Located`.

    Raises:
        ContentError: the file is not UTF-8 YAML, or a key stands twice.
    """
    try:
        return documents_in(file.read_text(encoding="utf-8"), file)
    except (UnicodeDecodeError, OSError) as error:
        raise ContentError(file, 0, str(error)) from error


def documents_in(text: str, file: Path | str) -> list[Any]:
    """Every YAML document of a text, as :func:`read_documents` gives them; ``file`` names it.

    Raises:
        ContentError: the text is not YAML, or a key stands twice.
    """
    try:
        return [doc for doc in yaml.load_all(text, Loader=_Loader) if doc is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ContentError(file, line, error.problem or "not YAML") from error
    except yaml.YAMLError as error:
        raise ContentError(file, 0, str(error)) from error


def read_document(file: Path) -> Any:
    """The one YAML document of a file.

    Raises:
        ContentError: the file holds none, or more than one.
    """
    documents = read_documents(file)
    if len(documents) != 1:
        raise ContentError(file, 0, "one YAML document is expected")
    return documents[0]
