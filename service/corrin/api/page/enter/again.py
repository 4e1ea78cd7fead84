"""What stood in the form, carried along with an answer, so that it stands there again afterwards.

The answer is of the document it carries, and of nothing else: rows stand in the form again only
where that very document comes of them.
"""

from __future__ import annotations

import json
from typing import Any

from corrin.api.page.enter import menu, row
from corrin.api.page.enter.menu import Menu
from corrin.api.page.enter.typed import typed
from corrin.api.page.submission import Fields, one

CARRIED = "entered"
"""The field that carries it (``templates/answer/case.html.j2``)."""

# Far more than anybody types.
_MOST_BYTES = 64 * 1024

_FIELDS = frozenset(
    ("age", "birth_date", "sex", "date", "pregnant", "weeks", "profile", "as_of")
)  # and those of rows and of the context; never the document, which is carried by itself


def kept(fields: Fields) -> str:
    """What fields of the form hold, beside a document, as text in ASCII."""
    content = menu.load()
    said = {name: values[0] for name, values in fields.items() if values and values[0].strip()}
    return json.dumps({name: text for name, text in said.items() if _is_ours(name, content)})


def entered(fields: Fields) -> Fields:
    """The fields of the form that a submission which came along was made of.

    Where they are not known, or are not those of its document, the document stands in the form as
    if it had been pasted.
    """
    said = _said(one(fields, CARRIED))
    if said is None:
        return fields
    document = fields.get("document", [""])[0]
    found = typed(said, menu.load())
    if found.rows or "context" in found.case:
        return said if found.document == document and not found.faults else fields
    return {**said, "document": [document]}


def _said(text: str) -> Fields | None:
    try:
        found: Any = json.loads(text) if 0 < len(text) <= _MOST_BYTES else None
        json.dumps(
            found, ensure_ascii=False
        ).encode()  # half a character, which JSON can spell, cannot be written again
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        return None
    content = menu.load()
    return {name: [said] for name, said in found.items() if _is_ours(name, content)}


def _is_ours(name: str, content: Menu) -> bool:
    of_context = name.partition(".")[0] in {part.name for part in content.parts}
    return name in _FIELDS or of_context or row.is_field(name)
