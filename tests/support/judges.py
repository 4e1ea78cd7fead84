"""Judges made ready once per question: compiling the columns of all rules is most of a small test.

A judge is made for any number of partitions, one after the other; what is known of the export is
given anew each time.
"""

from __future__ import annotations

import copy
from functools import lru_cache

import pytest

from corrin.batch.engine import local
from corrin.batch.judge import Judge
from corrin.batch.question import Question, Shared
from corrin.facts.policy import Policy


def judge(question: Question, shared: Shared, policy: Policy | None = None) -> Judge:
    """A judge of a question, about one export; with a policy other than that of its profile.

    Raises:
        corrin.interpretation.UsageError: there is no such profile, pack, zone or moment.
    """
    if question.overlay is not None or question.folders:
        found = Judge(question, shared)  # what these files hold may have changed
    else:
        found = copy.copy(_ready(question))
    found.shared = shared
    if policy is not None:
        found.policy = policy
    return found


def keep(patch: pytest.MonkeyPatch) -> None:
    """Let the local engine, in this process, take such a judge too."""
    patch.setattr(local, "Judge", judge)


@lru_cache(maxsize=32)
def _ready(question: Question) -> Judge:
    return Judge(question, Shared({}))
