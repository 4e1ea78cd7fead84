"""A sheet of text lines of one width: wrapped, indented, never with a blank at a line's end."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO

from rich.console import Console
from rich.text import Text

NARROWEST = 40


@dataclass(slots=True)
class Sheet:
    """Lines as rich texts, so that the same sheet can be printed plain or in colour."""

    width: int
    lines: list[Text] = field(default_factory=list)
    _console: Console = field(
        default_factory=lambda: Console(
            file=StringIO(), force_terminal=False, width=NARROWEST, legacy_windows=False
        )
    )

    def blank(self) -> None:
        """An empty line, never two in a row."""
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text())

    def put(
        self, text: Text | str, *, style: str = "", first: int = 0, rest: int | None = None
    ) -> None:
        """A paragraph; ``first`` and ``rest`` are the columns its lines begin in."""
        self.labelled("", text, style=style, column=first if rest is None else rest, indent=first)

    def labelled(
        self,
        label: Text | str,
        text: Text | str,
        *,
        style: str = "",
        column: int = 12,
        indent: int = 0,
    ) -> None:
        """A label at ``indent`` and a paragraph whose further lines begin at ``column``.

        A label that reaches into the column has the paragraph begin on the next line.
        """
        head = Text(" " * indent).append_text(_text(label, "bold"))
        body = _text(text, style)
        if label:
            if head.cell_len + 1 > column:
                self._wrap(_text(label, "bold"), indent, indent)
                head = Text(" " * column)
            else:
                head.append(" " * (column - head.cell_len))
        self._wrap(body, column, head.cell_len, head)

    def put_after(self, head: Text, text: Text | str, *, column: int, style: str = "") -> None:
        """A head already laid out up to ``column``, and a paragraph that begins there."""
        head = head.copy()
        head.stylize(style)
        head.append(" " * (column - head.cell_len))
        self._wrap(_text(text, style), column, column, head)

    def rule(self, character: str = "─") -> None:
        """A line across the sheet."""
        self.lines.append(Text(character * self.width, style="dim"))

    def _wrap(self, text: Text, rest: int, first: int, head: Text | None = None) -> None:
        head = Text(" " * first) if head is None else head
        # A first line that begins left of the others has more room, one to the right has less.
        room = self.width - max(first, rest)
        wrapped = text.wrap(self._console, room, overflow="fold") or [Text()]
        for number, line in enumerate(wrapped):
            line.rstrip()
            whole = head.copy() if number == 0 else Text(" " * rest)
            whole.append_text(line)
            whole.rstrip()
            self.lines.append(whole)

    def plain(self) -> str:
        """The sheet as text without any escape code."""
        return "".join(f"{line.plain}\n" for line in self.lines)

    def coloured(self) -> str:
        """The sheet with the escape codes of an ANSI terminal."""
        console = Console(
            file=StringIO(), force_terminal=True, color_system="standard", width=self.width,
            legacy_windows=False, highlight=False, markup=False, emoji=False, no_color=False,
        )  # fmt: skip
        with console.capture() as capture:
            for line in self.lines:
                console.print(line, soft_wrap=True)
        return capture.get()


def _text(text: Text | str, style: str) -> Text:
    return text.copy() if isinstance(text, Text) else Text(text, style=style)
