"""Content (``rules/``) read from disk: YAML with exact decimals, unique keys and line numbers.

The folder lies inside the wheel as ``corrin/_rules`` and beside ``service/`` in a checkout.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
# A file of content is some hundred KiB; what aliases would make of it counts as written out.
MOST_BYTES = 16 * 1024 * 1024
MOST_PARTS = 2_000_000
_WORD = "tag:yaml.org,2002:str"


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
        key = _made(loader, key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is one word, not a list or a mapping", key_node.start_mark
            )
        if key in found:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        found[key] = _made(loader, value_node)
        found.lines[key] = key_node.start_mark.line + 1
    return found


def _made(loader: _Loader, node: yaml.Node) -> Any:
    """What a node stands for; most are words, which are what they are."""
    if type(node) is yaml.ScalarNode and node.tag == _WORD:
        return node.value
    return loader.construct_object(node, deep=True)


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    try:
        found = Decimal(loader.construct_scalar(node))
    except ArithmeticError:
        found = Decimal("nan")
    if not found.is_finite():
        why = f"{node.value[:40]!r} is no number in plain digits"
        raise yaml.constructor.ConstructorError(None, None, why, node.start_mark)
    return found


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _set(_loader: _Loader, node: yaml.Node) -> None:
    why = "a set has no order; write a list"
    raise yaml.constructor.ConstructorError(None, None, why, node.start_mark)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:set", _set)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def read_documents(file: Path) -> list[Any]:
    """Every YAML document of one file; floats are ``Decimal``, mappings are :class:`Located`.

    Raises:
        ContentError: the file is not UTF-8 YAML, is too large, or a key stands twice.
    """
    try:
        if file.exists() and not (file.is_file() and file.stat().st_size <= MOST_BYTES):
            raise ContentError(file, 0, f"it is no file of at most {MOST_BYTES >> 20} MiB")
        return documents_in(file.read_text(encoding="utf-8"), file)
    except (UnicodeDecodeError, OSError) as error:
        raise ContentError(file, 0, str(error)) from error


def documents_in(text: str, file: Path | str) -> list[Any]:
    """Every YAML document of a text, as :func:`read_documents` gives them; ``file`` names it.

    Raises:
        ContentError: the text is not YAML, a key stands twice, or it is nested too deep or grows
            too large by its aliases.
    """
    try:
        found = [doc for doc in yaml.load_all(text, Loader=_Loader) if doc is not None]
        parts = _parts(found, {}) if "*" in text else 0
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ContentError(file, line, error.problem or "not YAML") from error
    except yaml.YAMLError as error:
        raise ContentError(file, 0, str(error)) from error
    except RecursionError as error:
        raise ContentError(file, 0, "it is nested too deep") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ContentError(file, 0, "a value in it is not what it is marked as") from error
    if parts > MOST_PARTS:
        raise ContentError(file, 0, "its aliases make it too large")
    return found


def _parts(part: Any, known: dict[int, int]) -> int:
    """How many parts a document has when every alias is written out."""
    if not isinstance(part, dict | list):
        return 1
    if id(part) not in known:
        inner = part.values() if isinstance(part, dict) else part
        known[id(part)] = 1 + sum(_parts(one, known) for one in inner)
    return known[id(part)]


def read_document(file: Path) -> Any:
    """The one YAML document of a file.

    Raises:
        ContentError: the file holds none, or more than one.
    """
    documents = read_documents(file)
    if len(documents) != 1:
        raise ContentError(file, 0, "one YAML document is expected")
    return documents[0]
