"""What ``corrin batch`` prints: counts, names of files, reasons; never a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from corrin.cli.trouble import Trouble, tell

if TYPE_CHECKING:
    from corrin.batch.dry_run import DryRun
    from corrin.batch.outcome import Counts, Outcome, Problem

_MEGA = 1_000_000
_MOST = 20


def of_outcome(out: str, outcome: Outcome, said: Sequence[str]) -> str:
    """What a run came to."""
    lines = [f"Dataset: {out} ({outcome.state})", f"Rows: {counted(outcome.counts)}"]
    rows = ", ".join(f"{name} {count:,}" for name, count in outcome.rows.items())
    lines.append(f"Tables: {rows}")
    if outcome.outcomes:
        found = ", ".join(f"{name} {count:,}" for name, count in outcome.outcomes.items())
        lines.append(f"OperationOutcomes of the exporting server: {found}")
    lines += [f"Note: {one}" for one in _some(outcome.notes)]
    lines += said
    return "".join(f"{line}\n" for line in lines)


def counted(counts: Counts) -> str:
    """Where rows went, as a sum."""
    return (
        f"{counts.read:,} read = {counts.used:,} used + {counts.superseded:,} superseded + "
        f"{counts.not_ours:,} not ours + {counts.refused:,} refused"
    )


def tell_problems(problems: Sequence[Problem]) -> None:
    """Say on standard error which inputs could not be read."""
    from corrin import terminology

    reasons = terminology.load().reasons
    troubles = []
    for one in problems[:_MOST]:
        words = reasons.get(one.reason)
        troubles.append(
            Trouble(
                "An input could not be read to its end; the rest was done.",
                f"{one.file}, line {one.line}" if one.line else one.file,
                f"{'' if words is None else words.sentence} [{one.reason}]".strip(),
                one.hint or ("" if words is None else words.remedy),
            )
        )
    if len(problems) > _MOST:
        troubles.append(Trouble(f"{len(problems) - _MOST:,} more; run.json names them all."))
    tell(troubles)


def of_dry_run(found: DryRun) -> str:
    """What a run would do."""
    plan, use = found.plan, found.resources
    lines = ["Would read:"]
    for one in found.inputs:
        lines.append(f"  {one.source.name}: {one.source.format}, {one.bytes / _MEGA:,.1f} MB")
        if one.counts.read:
            lines.append(f"    first {counted(one.counts)}")
    if found.found.left:
        lines.append("Would not read:")
        lines += [f"  {name}" for name in _some(found.found.left)]
    lines += [f"Note: {one}" for one in _some(found.found.notes)]
    if found.problems:
        lines.append("Cannot be read:")
        lines += [
            f"  {one.file}{f':{one.line}' if one.line else ''}: {one.reason}"
            for one in found.problems
        ]
    if found.refusals:
        lines.append("Would be refused, for example:")
        for refusal in found.refusals[:_MOST]:
            place = f"{refusal.file}:{refusal.line} {refusal.path}".rstrip()
            lines.append(f"  {place}: {refusal.reason} ({refusal.says})")
    total = sum(one.bytes for one in found.inputs)
    lines.append(
        f"In all {len(found.inputs):,} inputs, {total / _MEGA:,.1f} MB in {len(plan.chunks):,} "
        f"pieces; {plan.partitions:,} partitions; {use.workers} processes. Nothing was written."
    )
    return "".join(f"{line}\n" for line in lines)


def _some(every: Iterable[str]) -> list[str]:
    """The first of many, and how many more there are."""
    listed = list(every)
    more = len(listed) - _MOST
    return listed[:_MOST] + ([f"and {more:,} more"] if more > 0 else [])
