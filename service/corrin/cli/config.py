"""``corrin config``: every setting of the service, what it is, and where that comes from."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.text import Text

from corrin.cli import environment, streams
from corrin.cli.rules import Form
from corrin.cli.trouble import tell


def config(
    form: Annotated[Form, typer.Option("--format", "-f", help="How to write the answer.")] = (
        Form.TEXT
    ),
) -> None:
    """Print the settings of the service as they are in effect; secrets are masked.

    A setting that cannot be used is told with exit code 2, as `corrin serve` would.
    """
    found = environment.settings({})
    troubles = environment.unknown()
    if troubles:
        tell(troubles)
    rows = environment.told(found)
    if form is Form.JSON:
        streams.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", None)
        return
    from corrin.render.sheet import Sheet

    sheet = Sheet(80)
    for row in rows:
        shown = row["value"] if row["value"] not in (None, "", []) else "not set"
        shown = " ".join(shown) if isinstance(shown, list) else str(shown)
        sheet.put(Text(f"{row['variable']} = {shown}"), rest=4)
        sheet.put(Text(f"{row['says']} [{row['from']}]"), first=4)
    streams.write(sheet.plain(), None)
