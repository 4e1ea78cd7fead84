"""Pictures of the summary: SVG drawn by matplotlib, for a page without inline style and script.

Colours are names that become classes of the page's style sheet, so that a picture is readable in
the dark and on paper; ids are made the page's own; nothing of the day or the machine is in them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from markupsafe import Markup

_SETTINGS = {
    "svg.hashsalt": "corrin",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
}
# A colour stands for a class; these are in no picture otherwise.
INK, BAR, MUTED, LINE = "#010203", "#0a0b01", "#0a0b02", "#0a0b03"
_CLASSES = {INK: "ink", BAR: "bar", MUTED: "muted", LINE: "line"}
_WIDTH = 8.6
_ROW = 0.3
_LONGEST = 46
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]+)"')
_USES = re.compile(r'(url\(#|href="#)([^")]+)')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what it shows."""

    title: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, its length, and what is written behind it (``<5`` where it is hidden)."""

    name: str
    length: float
    told: str


@dataclass(frozen=True, slots=True)
class Box:
    """The middle of some values: 5th, 25th, 50th, 75th and 95th percentile."""

    name: str
    ends: tuple[float, float, float, float, float]
    told: str


def bars(key: str, title: str, says: str, given: Sequence[Bar], axis: str) -> Picture:
    """Lying bars, the first on top.

    Args:
        key: begins the ids of the picture; one of a page.
        title: what it shows, in few words.
        says: what it shows, for who does not see it.
        given: the bars.
        axis: what their length is.
    """
    figure, axes = _figure(len(given))
    places = range(len(given))
    longest = max((one.length for one in given), default=0) or 1
    axes.barh(places, [one.length for one in given], color=BAR, height=0.62)
    for place, one in zip(places, given, strict=True):
        axes.text(one.length + longest * 0.01, place, one.told, va="center", color=INK, fontsize=9)
    axes.set_xlim(0, longest * 1.14)
    axes.set_xlabel(axis, color=INK)
    return _drawn(figure, axes, key, title, says, [one.name for one in given])


def boxes(key: str, title: str, says: str, given: Sequence[Box], axis: str) -> Picture:
    """Lying boxes over one scale; whiskers end at the 5th and 95th percentile."""
    figure, axes = _figure(len(given))
    stats = [
        {"whislo": e[0], "q1": e[1], "med": e[2], "q3": e[3], "whishi": e[4], "fliers": []}
        for e in (one.ends for one in given)
    ]
    line = {"color": INK, "linewidth": 1.1}
    axes.bxp(
        stats,
        positions=range(len(given)),
        orientation="horizontal",
        showfliers=False,
        widths=0.5,
        patch_artist=True,
        boxprops={"facecolor": MUTED, "edgecolor": INK, "linewidth": 1.1},
        medianprops={"color": INK, "linewidth": 2.2},
        whiskerprops=line,
        capprops=line,
    )
    lows, highs = [one.ends[0] for one in given], [one.ends[4] for one in given]
    if min(lows) > 0 and max(highs) / min(lows) > 20:
        axes.set_xscale("log")
        from matplotlib.ticker import NullFormatter, ScalarFormatter

        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(axis, color=INK)
    return _drawn(figure, axes, key, title, says, [f"{one.name} ({one.told})" for one in given])


@lru_cache(maxsize=1)
def _library() -> Any:
    """matplotlib with our settings, without a display."""
    import matplotlib

    return matplotlib


def _figure(rows: int) -> tuple[Any, Any]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _library().rc_context(_SETTINGS):
        figure = Figure(figsize=(_WIDTH, 0.75 + _ROW * max(rows, 1)))
        FigureCanvasSVG(figure)
        return figure, figure.add_subplot()


def _drawn(
    figure: Any, axes: Any, key: str, title: str, says: str, names: Sequence[str]
) -> Picture:
    with _library().rc_context(_SETTINGS):
        axes.set_yticks(range(len(names)), [_short(name) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(colors=INK, length=3)
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_color(LINE)
        figure.patch.set_visible(False)
        axes.patch.set_visible(False)
        out = io.BytesIO()
        figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    return Picture(title, _fit(out.getvalue().decode(), key, title, says))


def _short(name: str) -> str:
    from corrin.render.safe import visible

    name = visible(name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _fit(svg: str, key: str, title: str, says: str) -> Markup:
    """A drawing made part of a page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = _STYLE.sub(lambda match: _attributes(match[1]), svg)
    svg = _ID.sub(lambda match: f' id="{key}-{match[1]}"', svg)
    svg = _USES.sub(lambda match: f"{match[1]}{key}-{match[2]}", svg)
    head, rest = svg.split(">", 1)
    size = re.search(r'viewBox="([^"]+)"', head)
    assert size is not None
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{size[1]}" role="img" aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(says)}</desc>'
    )
    return Markup("\n".join(line.rstrip() for line in (opening + rest).strip().splitlines()))


def _attributes(style: str) -> str:
    """Inline style as attributes, which a content policy lets be; colours as classes."""
    classes, told = [], []
    for part in style.split(";"):
        name, _, value = (text.strip() for text in part.partition(":"))
        if name in ("fill", "stroke") and value in _CLASSES:
            classes.append(f"{name}-{_CLASSES[value]}")
        elif name == "font":
            size = re.search(r"([\d.]+)px", value)
            told.append(f'font-size="{size[1] if size else 10}"')
        elif name.startswith("font"):
            continue
        elif name:
            told.append(f'{name}="{value}"')
    named = f' class="{" ".join(classes)}"' if classes else ""
    return named + "".join(f" {one}" for one in told)
