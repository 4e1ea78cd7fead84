"""Restrictions take a status away; none of them may put reassurance in its place."""

from __future__ import annotations

import pytest

from corrin.packs import schema
from corrin.packs.library import open_library

REASSURING = frozenset({"deficiency_unlikely", "low_total_b12_not_deficient", "none", "no_anaemia"})
# Section 12 of the clinical reference.
NAMED = frozenset(
    {
        "renal",
        "folate",
        "thyroid",
        "pregnancy",
        "oestrogen",
        "haptocorrin",
        "if_antibody_interference",
        "mpn_liver",
        "recent_b12",
        "nitrous_oxide",
        "alcohol",
        "iron_or_thalassaemia",
        "sample_quality",
        "unit_suspect",
    }
)
RESTRICTIONS = [
    pytest.param(bound.restriction, id=bound.restriction.id)
    for pack in open_library().packs.values()
    for bound in pack.restrictions
]


@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_no_restriction_reassures(restriction: schema.Restriction) -> None:
    assert restriction.replaced_by not in REASSURING
    assert restriction.replaced_by not in restriction.withdraws


@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_a_restriction_names_a_listed_confounder(restriction: schema.Restriction) -> None:
    assert restriction.confounder in NAMED
