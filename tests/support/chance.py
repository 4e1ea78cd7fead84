"""Cases drawn at random: values near the cut-offs, contexts stated, denied or left open."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import settings

REASONS = ("stale", "unit-missing", "cancelled", "implausible")
NEUROLOGY = (
    "paraesthesia",
    "numbness",
    "peripheral_neuropathy",
    "ataxia",
    "gait_disturbance",
    "balance_impairment",
    "position_vibration_loss",
    "lhermitte_sign",
    "muscle_weakness",
    "sphincter_change",
    "visual_loss",
    "optic_neuropathy",
    "myelopathy",
    "rapid_cognitive_change",
    "memory_impairment",
    "cognitive_impairment",
    "glossitis",
    "falls",
    "proximal_weakness",
    "fasciculation",
    "muscle_wasting",
    "confusion",
    "ophthalmoplegia",
    "nystagmus",
)
VALUES = {
    "total_b12": ("ng/L", "60 149 150 179 180 199 240 350 351 399 401 600 1200"),
    "active_b12": ("pmol/L", "8 24.9 25 50 70 71 90 200"),
    "mma": ("umol/L", "0.1 0.28 0.281 0.36 0.4 0.41 0.52 0.75 0.76 2 12"),
    "homocysteine": ("umol/L", "8 15 15.1 28 40 120"),
    "egfr": ("mL/min/{1.73_m2}", "12 29.9 30 45 59.9 60 88"),
    "folate": ("nmol/L", "4 6.9 7 11 20 60"),
    "haemoglobin": ("g/L", "62 79 85 104 107 112 119 125 131 150"),
    "mcv": ("fL", "70 84 96 100 100.1 112 118"),
    "rdw_cv": ("%", "13 15 15.1 19"),
    "rbc": ("10*12/L", "2.4 4.1 6.2"),
    "wbc": ("10*9/L", "2 3.9 4 6.2"),
    "neutrophils": ("10*9/L", "0.9 1.4 1.9 2 3.7"),
    "platelets": ("10*9/L", "30 90 120 149 150 240"),
    "ferritin": ("ug/L", "8 22 60 300"),
    "ldh": ("U/L", "180 420 2400"),
    "potassium": ("mmol/L", "2.2 2.9 3.6 4.2 5.6 6.8"),
    "sodium": ("mmol/L", "118 130 139 150"),
    "magnesium": ("mmol/L", "0.35 0.6 0.8 1.2"),
    "adjusted_calcium": ("mmol/L", "1.7 2.1 2.3 2.9"),
    "calcium": ("mmol/L", "1.7 2.1 2.3 2.9"),
    "ck": ("U/L", "90 900 6000"),
    "tsh": ("m[IU]/L", "0.1 2 9"),
    "age": ("a", "17 24 49 50 66 81"),
    "gestational_age": ("wk", "8 20 32"),
    "combined_b12_indicator": ("1", "-3 -1 0.3 2"),
}
CONTEXTS = (
    *NEUROLOGY,
    "pregnant",
    "nitrous_oxide",
    "inhalant_misuse",
    "on_b12_treatment",
    "oestrogen",
    "haptocorrin_deficiency",
    "dialysis",
    "ckd_stage_3",
    "ckd_stage_5",
    "fatigue",
    "vegan",
    "metformin",
    "ppi",
    "intrinsic_factor_antibody",
    "muscle_cramp",
    "dehydration",
    "liver_disease",
    "myeloma",
    "hiv_infection",
    "schistocytes",
    "hypothyroidism",
    "folic_acid",
    "haemolysed_sample",
    "pernicious_anaemia",
    "myeloproliferative_neoplasm",
)


def anything(chance: Random) -> dict[str, Any]:
    """Whatever else may be known: exact, censored and absent values, stated and denied contexts."""
    facts: dict[str, Any] = {}
    for name, (unit, figures) in VALUES.items():
        if chance.random() < 0.5:
            continue
        value: Any = f"{chance.choice(figures.split())} {unit}"
        way = chance.random()
        if way < 0.12:
            value = chance.choice("<>") + value
        elif way < 0.24:
            value = {"absent": chance.choice(REASONS)}
        facts[name] = value
    facts |= {name: chance.random() < 0.5 for name in CONTEXTS if chance.random() < 0.25}
    if chance.random() < 0.6:
        facts["sex"] = chance.choice(["female", "male"])
    return facts


def at_most(examples: int) -> settings:
    """Few examples of a costly property in ``make test``; ``make soak`` keeps its many."""
    usual = settings.default
    assert usual is not None
    return settings(max_examples=examples if usual.derandomize else usual.max_examples)
