"""What went wrong, told on standard error: what, where, why, what to do; and the exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from corrin.fault import known_by


class ExitCode(IntEnum):
    """How the command ended; stable from version to version."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    INPUT = 3
    CONTENT = 4
    FILE = 5
    INTERRUPTED = 130
    NOBODY_READS = 141
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that stopped the command, in four answers; empty ones are left out."""

    what: str
    where: str = ""
    why: str = ""
    do: str = ""


class Stopped(Exception):
    """The command cannot go on: with which exit code it ends, and what to tell."""

    def __init__(self, code: ExitCode, *troubles: Trouble) -> None:
        super().__init__(code.name)
        self.code, self.troubles = code, troubles


def tell(troubles: Sequence[Trouble]) -> None:
    """Write troubles to standard error, one block each."""
    from rich.console import Console
    from rich.text import Text

    from corrin.render.safe import visible
    from corrin.render.sheet import Sheet

    console = Console(stderr=True)
    sheet = Sheet(max(40, min(console.width, 100)) if console.is_terminal else 80)
    for number, trouble in enumerate(troubles):
        if number:
            sheet.lines.append(Text())
        sheet.put(Text("corrin: ", "bold red").append(visible(trouble.what), "bold"), rest=2)
        for label, text in (
            ("where", trouble.where),
            ("why", trouble.why),
            ("to do", trouble.do),
        ):
            if text:
                sheet.labelled(label, visible(text), indent=2, column=9)
    colour = console.is_terminal and not console.no_color and console.color_system is not None
    write_to(sys.stderr, sheet.coloured() if colour else sheet.plain())


def write_to(stream: object, text: str) -> None:
    """Write text in whatever encoding a stream has; what it cannot hold is escaped."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    raw = getattr(stream, "buffer", None)
    try:
        if raw is None:
            stream.write(text)  # type: ignore[attr-defined]
        else:
            raw.write(text.encode(encoding, "backslashreplace"))
        stream.flush()  # type: ignore[attr-defined]
    except BrokenPipeError as error:
        raise Stopped(ExitCode.NOBODY_READS) from error


def of(error: BaseException, source: str = "") -> Stopped:
    """An error of the rooms as what stopped the command; ``source`` names the file read."""
    from corrin.content import ContentError
    from corrin.intake.problem import IntakeError
    from corrin.interpretation import UsageError
    from corrin.packs.finding import ContentProblem

    match error:
        case Stopped():
            return error
        case IntakeError(problems=problems):
            return Stopped(ExitCode.INPUT, *(_refused(problem, source) for problem in problems))
        case UsageError(message=message, hint=hint):
            return Stopped(ExitCode.USAGE, Trouble(message, do=hint))
        case ContentProblem(findings=findings):
            return Stopped(ExitCode.CONTENT, *(_finding(finding) for finding in findings))
        case ContentError(file=file, line=line, why=why):
            return Stopped(
                ExitCode.CONTENT,
                Trouble(
                    "The rules cannot be used.",
                    f"{file}, line {line}" if line else file,
                    why,
                    "Correct the file, or install Corrin again.",
                ),
            )
        case _:
            return fault(error)


def _refused(problem: object, source: str) -> Trouble:
    line = getattr(problem, "line", None)
    near = ", ".join(getattr(problem, "nearest", ()))
    remedy = getattr(problem, "remedy", "")
    place = [source, f"line {line}" if line is not None else "", getattr(problem, "path", "")]
    return Trouble(
        "The input was refused whole; nothing was interpreted.",
        ", ".join(part for part in place if part),
        f"{getattr(problem, 'sentence', '')} [{getattr(problem, 'reason', '')}]".strip(),
        f"{remedy} Nearest known: {near}." if near else remedy,
    )


def _finding(finding: object) -> Trouble:
    return Trouble(
        "The rules cannot be used.",
        str(getattr(finding, "place", "")),
        f"{getattr(finding, 'about', '')}: {getattr(finding, 'why', '')}",
        getattr(finding, "hint", "") or "`corrin rules check` lists everything that is wrong.",
    )


def fault(error: BaseException) -> Stopped:
    """An error of ours: its type and place, and no word of its message, which may hold data."""
    found = known_by(error)
    return Stopped(
        ExitCode.FAULT,
        Trouble(
            "A fault of Corrin itself stopped this; nothing was interpreted.",
            found.place,
            f"{found.kind}, fault {found.number}",
            "Report the fault number, the place and `corrin --version` to whoever maintains "
            "this installation. Do not send the results of a patient with it.",
        ),
    )
