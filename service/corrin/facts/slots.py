"""Frozen dataclasses with slots that are made by the hundred thousand.

The ``__init__`` that :mod:`dataclasses` writes for a frozen class looks ``object.__setattr__`` up
by name for every field, which takes more than half the time of making one. The descriptors of the
slots do the same without looking anything up. The class stays frozen: they are reached by nobody
else.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import Any, TypeVar

_Class = TypeVar("_Class", bound=type[Any])


def by_slots(cls: _Class) -> _Class:
    """A frozen dataclass with slots whose ``__init__`` sets them directly; nothing else changes.

    Raises:
        TypeError: a field is made by a factory, or is no parameter.
    """
    found = fields(cls)
    if any(one.default_factory is not MISSING or not one.init for one in found):
        raise TypeError(f"{cls.__name__} has a field that is not handed in")
    known: dict[str, Any] = {f"set_{one.name}": cls.__dict__[one.name].__set__ for one in found}
    known |= {f"default_{one.name}": one.default for one in found}
    given = [
        one.name if one.default is MISSING else f"{one.name}=default_{one.name}" for one in found
    ]
    body = [f"set_{one.name}(self, {one.name})" for one in found]
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    # As dataclasses do it: a loop over the fields would take as long as what it replaces.
    source = f"def __init__(self, {', '.join(given)}):\n    " + "\n    ".join(body)
    exec(source, known)
    made = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = inspect.get_annotations(cls.__init__)
    cls.__init__ = made
    return cls
