"""``corrin analytes``: which laboratory results are read, by which codes, in which units."""

from __future__ import annotations

from typing import Annotated

import typer

from corrin.cli.trouble import ExitCode, Stopped, Trouble

app = typer.Typer(
    help="List the results that are read, or show one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(name="list")
def list_() -> None:
    """List every result that is read, with its codes.

    \b
    Examples:
      corrin analytes list
    """
    from corrin import terminology
    from corrin.cli import table

    page = table.sheet()
    lines = [
        (found.id, found.name, " ".join(code.code for code in found.codes))
        for found in terminology.load().analytes.values()
    ]
    table.rows(page, ("id", "name", "LOINC"), lines, indent=0)
    table.show(page)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Our id, a LOINC code or a name.")],
) -> None:
    """Show one result: names, codes, accepted units, plausible limits.

    \b
    Examples:
      corrin analytes show total_b12
      corrin analytes show 2132-9
      corrin analytes show "serum potassium"
    """
    from corrin import terminology
    from corrin.cli import table

    terms = terminology.load()
    found = terms.find_analyte(name)
    if found is None:
        near = terms.nearest(name)
        why = terms.rejected_loinc(name) or ""
        do = f"Did you mean {', '.join(near)}?" if near else "`corrin analytes list` names all."
        raise Stopped(
            ExitCode.USAGE, Trouble(f"No result is called {name!r} here.", why=why, do=do)
        )
    page = table.sheet()
    page.put(found.name, style="bold cyan")
    page.put(found.id, first=2, style="dim")
    page.labelled("Short", found.short, indent=2, column=15)
    if found.names:
        page.labelled("Also called", "; ".join(found.names), indent=2, column=15)
    for dimension, units in found.dimensions.items():
        page.labelled("Units", f"{', '.join(units.accept)} ({dimension})", indent=2, column=15)
        page.labelled("", f"compared in {units.canonical}", indent=15, column=15)
    if found.molar_mass is not None:
        page.labelled("Molar mass", f"{found.molar_mass} g/mol", indent=2, column=15)
    if found.plausible is not None:
        limits = found.plausible
        said = f"{limits.low} to {limits.high} {limits.unit} ({limits.evidence})"
        page.labelled("Plausible", said, indent=2, column=15)
    if found.codes:
        page.blank()
        lines = [
            (code.code, code.property, code.specimen, code.checked, code.note)
            for code in found.codes
        ]
        table.rows(page, ("LOINC", "property", "specimen", "checked", "note"), lines)
    if found.note:
        page.blank()
        page.put(found.note, first=2)
    table.show(page)
