"""``corrin rules``: check the content, run its examples, list and show its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corrin.cli import overlay as site
from corrin.cli import own, streams
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of

if TYPE_CHECKING:
    from corrin.packs.bound import BoundPack
    from corrin.packs.finding import Finding
    from corrin.packs.library import Library

app = typer.Typer(
    help="Check, test, list, show, compare and print the rules, or begin one of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Form(StrEnum):
    """How a list is written."""

    TEXT = "text"
    JSON = "json"


Folder = Annotated[
    Path | None,
    typer.Option("--rules", metavar="DIR", help="A folder of rules; else the installed ones."),
]
Format = Annotated[Form, typer.Option("--format", "-f", help="How to write the answer.")]


def opened(folder: Path | None, packs: list[Path] | None = None) -> Library:
    """The library of a folder, or of the installed rules; with packs of one's own beside them.

    Raises:
        Stopped: the folder is not there (5) or holds nothing that can be read (4).
    """
    from corrin.content import ContentError
    from corrin.packs.library import open_library

    if folder is not None and not (folder / "packs").is_dir():
        do = "Name the folder that holds packs, profiles, terminology and evidence."
        why = "There is no folder 'packs' in it." if folder.is_dir() else "There is no such folder."
        raise Stopped(ExitCode.FILE, Trouble("The rules cannot be read.", str(folder), why, do))
    try:
        return open_library(folder, own.folders(packs))
    except ContentError as error:
        raise of(error) from error


@app.command(short_help="Say everything that is wrong with the rules.")
def check(
    rules: Folder = None,
    packs: own.Packs = None,
    overlay: site.Option = None,
    form: Format = Form.TEXT,
) -> None:
    """Say everything that is wrong with the rules, each with its file and line.

    With a site file: what is wrong with it too, and all it changes, old and new. With --packs only
    what is wrong in these packs.

    \b
    Examples:
      corrin rules check
      corrin rules check --packs ./my-packs
      corrin rules check --rules ./rules --format json
      corrin rules check --overlay site.yaml
    """
    from corrin.packs.lint import lint

    library = opened(rules, packs)
    put = site.put(library, overlay)
    found = own.findings_in(lint(library), packs) if packs else lint(library)
    found += put.findings if put is not None else ()
    findings = sorted(found, key=lambda f: (f.place.file, f.place.line, f.code, f.about))
    errors = sum(finding.severity == "error" for finding in findings)
    if form is Form.JSON:
        answer = {
            "errors": errors,
            "warnings": len(findings) - errors,
            "findings": [_as_data(finding) for finding in findings],
        }
        if put is not None:
            answer["overlay"] = put.as_data()
        streams.write(_json(answer), None)
    else:
        if put is not None:
            put.show()
        _show_findings(own.only_own(library) if packs else library, findings, errors)
    if errors:
        raise typer.Exit(ExitCode.CONTENT)


def _as_data(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "severity": finding.severity,
        "code": finding.code,
        "about": finding.about,
        "why": finding.why,
        "hint": finding.hint,
    }


def _show_findings(library: Library, findings: list[Finding], errors: int) -> None:
    from corrin.cli import table
    from corrin.render.safe import visible
    from corrin.render.words import count

    page = table.sheet()
    for finding in findings:
        style = "red" if finding.severity == "error" else "yellow"
        page.put(f"{finding.place}: {finding.severity} [{finding.code}]", style=f"bold {style}")
        page.put(visible(f"{finding.about}: {finding.why}"), first=4)
        if finding.hint:
            page.put(visible(f"hint: {finding.hint}"), first=4, style="dim")
    packs = count(len(library.packs), "pack")
    rules = count(sum(len(pack.pack.rules) for pack in library.packs.values()), "rule")
    said = f"{count(errors, 'error')}, {count(len(findings) - errors, 'warning')}"
    if not library.own:
        rules += f", {count(len(library.profiles), 'profile')}"
    page.put(f"{packs}, {rules}: {said if findings else 'nothing to complain about'}.")
    table.show(page)


@app.command(name="list", short_help="List the rules and how far each was checked.")
def list_(
    pack: Annotated[
        str | None, typer.Option("--pack", metavar="ID", help="Only the rules of one pack.")
    ] = None,
    form: Format = Form.TEXT,
    rules: Folder = None,
    packs: own.Packs = None,
) -> None:
    """List the rules: how urgent, how far checked, whether every figure was verified.

    With --packs only those of the packs in these folders.

    \b
    Examples:
      corrin rules list
      corrin rules list --pack safety
      corrin rules list --packs ./my-packs
      corrin rules list --format json
    """
    library = opened(rules, packs)
    rows = library.rows()
    library = own.only_own(library) if packs and pack is None else library
    chosen = [found for found in library.packs.values() if pack is None or found.id == pack]
    if pack is not None and not chosen:
        known = ", ".join(sorted(library.packs))
        raise Stopped(
            ExitCode.USAGE,
            Trouble(f"There is no pack called {pack!r}.", do=f"Use one of: {known}."),
        )
    listed = [
        {
            "id": rule.id,
            "pack": found.id,
            "version": found.pack.head.version,
            "title": rule.title,
            "status": rule.status,
            "urgency": rule.note.urgency,
            "verified": rows.verified(tuple(r for r in rule.evidence if r in rows.rows)),
            "evidence": list(rule.evidence),
        }
        for found in chosen
        for rule in found.pack.rules
    ]
    if form is Form.JSON:
        streams.write(_json(listed), None)
        return
    _show_list(chosen, listed)


def _show_list(packs: Iterable[BoundPack], listed: list[dict[str, Any]]) -> None:
    from corrin.cli import table
    from corrin.render.words import count

    page = table.sheet()
    for pack in packs:
        own = [rule for rule in listed if rule["pack"] == pack.id]
        page.blank()
        head = f"{pack.id} {pack.pack.head.version} ({count(len(own), 'rule')})"
        page.put(head, style="bold cyan")
        page.put(pack.pack.head.title, first=2, style="dim")
        lines = [
            (r["urgency"], "verified" if r["verified"] else "unverified", r["status"], r["id"])
            for r in own
        ]
        if lines:
            table.rows(page, ("urgency", "figures", "status", "rule"), lines)
    doubtful = sum(not rule["verified"] for rule in listed)
    page.blank()
    page.put(f"{count(len(listed), 'rule')}, {doubtful:,} of them unverified.")
    table.show(page)


@app.command(short_help="Show a rule in words, with its sources.")
def show(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Id of a rule, restriction or decision.")
    ],
    rules: Folder = None,
    packs: own.Packs = None,
) -> None:
    """Show a rule in words: conditions, note, cut-offs, evidence with sources, examples.

    \b
    Examples:
      corrin rules show b12-confirmed-total
      corrin rules show b12_status
    """
    from corrin.cli.rulebook import Rulebook

    library = opened(rules, packs)
    book = Rulebook(library, rules)
    if rule not in book.names:
        raise _unknown(rule, book.names)
    book.show(rule)


@app.command(short_help="Run the rules' own examples.")
def test(
    rule: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE]...", help="Only these rules, restrictions or decisions."),
    ] = None,
    rules: Folder = None,
    packs: own.Packs = None,
    overlay: site.Option = None,
) -> None:
    """Run the rules' own examples, and tell which conditions no example tried each way.

    Every leaf of every condition has to be seen true, false and unknown, and every row of a
    decision reached, by some example; anything less is a failure (exit code 4). With a site file,
    examples that its cut-offs turn are listed and are no failure; every other has to hold. With
    --packs only the examples of these packs are run, unless rules are named.

    \b
    Examples:
      corrin rules test
      corrin rules test b12-confirmed-total b12_status
      corrin rules test --packs ./my-packs
    """
    from corrin.cli.rulebook import Rulebook, show_run
    from corrin.evaluate import worked
    from corrin.packs.finding import ContentProblem

    library = opened(rules, packs)
    try:
        library.sound()
    except ContentProblem as error:
        raise of(error) from error
    put = site.put(library, overlay)
    if put is not None:
        library = put.sound()
    book = Rulebook(library, rules)
    for name in rule or ():
        if name not in book.names:
            raise _unknown(name, book.names)
    if put is None:
        run = worked.run(own.only_own(library) if packs and not rule else library, rule or ())
    else:
        turned = put.run(rule or ())
        run = turned.kept
        site.show_turned(turned)
    show_run(run, book)
    if not run.sound:
        raise typer.Exit(ExitCode.CONTENT)


def _unknown(name: str, names: Iterable[str]) -> Stopped:
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), n=3, cutoff=0.5)
    do = f"Did you mean {', '.join(near)}?" if near else "`corrin rules list` names them all."
    return Stopped(ExitCode.USAGE, Trouble(f"There is no rule called {name!r}.", do=do))


def _json(answer: object) -> bytes:
    return json.dumps(answer, indent=2, ensure_ascii=False).encode() + b"\n"
