"""What a site file changes, old and new in words, threshold by threshold, text by text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from corrin.packs.library import Library
from corrin.packs.overlay import Change, Coverage, SetThreshold, Spread
from corrin.packs.overlay_file import SiteFile
from corrin.packs.schema import Threshold


def figures_said(value: Mapping[str, Decimal]) -> str:
    """``180 ng/L and 133 pmol/L``."""
    return " and ".join(f"{figure:f} {unit}" for unit, figure in value.items())


def threshold_said(content: Threshold | SetThreshold) -> str:
    """All figures of a cut-off, each variant with the people it is for."""
    own = "the laboratory's own limit"
    if content.value is not None:
        said = figures_said(content.value)
    else:
        said = "; ".join(f"{figures_said(v.value)} when {v.when}" for v in content.variants)
    if isinstance(content, Threshold) and content.laboratory_limit is not None:
        return f"{own}, else {said}" if said else f"{own} only"
    return said


def spread_said(spread: Spread, coverage: Coverage) -> str:
    """``± 10 % (2 x CV 5 %, about 95 %)``."""
    half = spread.amount * coverage.factor
    if spread.unit is None:
        share = format(half.scaleb(2), "f")
        share = share.rstrip("0").rstrip(".") if "." in share else share
        return f"± {share} % ({coverage.factor:f} x CV {spread.said}, {coverage.says})"
    return f"± {half:f} {spread.unit} ({coverage.factor:f} x SD {spread.said}, {coverage.says})"


def changes(library: Library, file: SiteFile, coverage: Coverage) -> Iterator[Change]:
    """Every difference from the published content, in the order of the site file's sections."""
    overlay = file.overlay
    for pack, thresholds in overlay.thresholds.items():
        for name, given in thresholds.items():
            upstream = library.packs[pack].pack.thresholds[name]
            new = threshold_said(given)
            if upstream.laboratory_limit is not None:
                new = f"the laboratory's own limit, else {new}"
            old = threshold_said(upstream)
            yield Change("threshold", name, pack, "cut-off", old, new, given.because, given.source)
    for rule_id, words in overlay.wording.items():
        pack, note = next(
            (p.id, rule.note)
            for p in library.packs.values()
            for rule in p.pack.rules
            if rule.id == rule_id
        )
        for part, was, text in (
            ("summary", note.summary, words.summary),
            ("detail", note.detail, words.detail),
        ):
            if text is not None:
                yield Change("wording", rule_id, pack, part, was, text)
        for limit in words.limits:
            yield Change("wording", rule_id, pack, "limit added to", "not there", limit)
    analytes = library.vocabulary.analytes
    tests = overlay.tests
    if tests.available is not None:
        yield _tests("only available", (analytes[n].name for n in tests.available))
    elif tests.unavailable:
        yield _tests("not available", (analytes[n].name for n in tests.unavailable))
    for name, given_spread in overlay.imprecision.items():
        said = spread_said(given_spread.spread(), coverage)
        yield Change(
            "imprecision",
            analytes[name].name,
            None,
            "imprecision of",
            "not stated",
            said,
            given_spread.because,
        )


def _tests(word: str, names: Iterable[str]) -> Change:
    said = ", ".join(names) or "none"
    return Change("tests", "at this site", None, "tests", "all", f"{word}: {said}")
