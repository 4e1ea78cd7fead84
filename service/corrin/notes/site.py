"""What a site file changed, told wherever it bears: cut-offs, words, tests, imprecision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from corrin.evaluate.decide import Settling
from corrin.facts.fact import Fact, Measured
from corrin.notes import report
from corrin.notes.sentence import readable
from corrin.notes.words import Dictionary, stretch
from corrin.packs import schema
from corrin.packs.overlay import Site
from corrin.packs.overlay_changes import spread_said, threshold_said


def overlay_used(site: Site | None) -> report.OverlayUsed | None:
    """The site file for the report, with every change in one sentence."""
    if site is None:
        return None
    overlay = site.overlay
    return report.OverlayUsed(
        id=overlay.id,
        title=overlay.title,
        version=overlay.version,
        date=str(overlay.date),
        owner=overlay.owner,
        digest=site.digest,
        changes=tuple(change.sentence for change in site.changes),
    )


def set_by_site(
    site: Site, key: tuple[str, str], upstream: report.ThresholdUsed, words: Dictionary
) -> report.ThresholdUsed:
    """A cut-off with the site's figure: whose it is, why, and what it stands instead of.

    Its evidence is the site's own; what the published figure rests on stays with that figure.
    """
    moved = site.moved[key]
    was = threshold_said(moved.upstream)
    figures = [
        f"{figure:f} {unit}" for value in moved.set.figures() for unit, figure in value.items()
    ]
    return upstream.model_copy(
        update={
            "says": f"set by the site, {site.overlay.name} (guideline: {was}: {upstream.says})",
            "published": tuple(figures),
            "in_force_from": None,
            "evidence": words.evidence(moved.set.evidence),
            "set_by": site.overlay.name,
            "because": moved.set.because,
            "source": moved.set.source,
            "upstream": report.Upstream(
                published=upstream.published,
                says=upstream.says,
                in_force_from=(
                    None if moved.upstream.in_force is None else str(moved.upstream.in_force.start)
                ),
                evidence=upstream.evidence,
            ),
        }
    )


def told(used: Iterable[report.ThresholdUsed]) -> tuple[str, ...]:
    """One sentence for each cut-off the site set."""
    found = []
    for one in used:
        if one.upstream is not None:
            was = " and ".join(one.upstream.published) or "the laboratory's own limit only"
            found.append(f"Cut-off {one.name} set by the site: {one.used} (guideline: {was}).")
    return tuple(found)


def parts_of(site: Site | None, rule: str, used: Iterable[report.ThresholdUsed]) -> tuple[str, ...]:
    """What of a note is the site's: cut-offs by name, and the parts of its words."""
    cuts = tuple(f"cut-off {one.name}" for one in used if one.set_by is not None)
    reworded = () if site is None else site.reworded.get(rule, ())
    return (*cuts, *reworded)


def fragile(
    site: Site,
    findings: Iterable[Settling],
    possible: tuple[str, ...],
    facts: Mapping[str, Fact],
    statuses: Mapping[str, schema.StatusWord],
    words: Dictionary,
) -> tuple[report.Fragile, ...]:
    """The values near enough to a cut-off for another status, each in a sentence."""
    found = []
    for finding in findings:
        fact = facts[finding.fact]
        assert isinstance(fact, Measured)
        others = [s for s in statuses if s in finding.statuses and s not in possible]
        says = " or ".join(statuses[s].says for s in others)
        within = spread_said(site.imprecision[fact.analyte], site.coverage)
        found.append(
            report.Fragile(
                name=finding.fact,
                label=words.label(finding.fact),
                reported=fact.reported,
                within=within,
                says=readable(
                    f"Within the assay's imprecision ({within}, set by the site) "
                    f"{words.short(finding.fact)} {fact.reported} could also mean: {says}."
                ),
                could_be=tuple(report.Words(code=s, says=statuses[s].says) for s in others),
                bands=tuple(
                    report.Band(
                        finding=readable(stretch(band.interval, band.unit)),
                        statuses=tuple(
                            report.Words(code=s, says=statuses[s].says) for s in band.statuses
                        ),
                    )
                    for band in finding.bands
                    if band.interval is not None
                ),
            )
        )
    return tuple(found)
