"""A report written by hand, with something in every place a renderer has to show."""

from __future__ import annotations

from corrin.notes.report import (
    Applied,
    Band,
    CannotSay,
    Context,
    Earlier,
    Evidence,
    Missing,
    Note,
    PackUsed,
    ProfileUsed,
    Reason,
    Refused,
    Report,
    Settles,
    Source,
    Status,
    SubjectSeen,
    ThresholdUsed,
    Trend,
    Value,
    Words,
)

GUIDELINE = Source(
    key="guideline",
    title="Example guideline on vitamin B12, recommendation 1.3.3",
    url="https://guideline.example.org/b12/chapter/recommendations#testing-for-vitamin-b12",
)
BOOK = Source(key="book", title="Example handbook of laboratory medicine")
CHECKED = Evidence(row="B12-01", check="V", verified=True, sources=(GUIDELINE,))
GUESSED = Evidence(row="EL-02", check="G", verified=False, sources=(BOOK, GUIDELINE))

PROBABLE = Words(code="deficiency_probable", says="deficiency probable")
FUNCTIONAL = Words(code="functional_deficiency", says="functional deficiency")
UNLIKELY = Words(code="deficiency_unlikely", says="deficiency unlikely")
CONFIRMED = Words(code="deficiency_confirmed", says="deficiency confirmed")
INDETERMINATE = Words(code="indeterminate", says="indeterminate")

B12 = Value(
    name="total_b12",
    label="Total B12",
    reported="<200 pg/mL",
    compared="<200 ng/L",
    when="2026-03-01T08:30:00Z",
    origin="Observation/b12",
    path="Bundle.entry[1].resource",
    specimen="serum or plasma",
    laboratory_range="197 - 771 pg/mL",
    earlier=(Earlier(reported="410 pg/mL", when="2024-11", origin="Observation/b12-old"),),
)
POTASSIUM = Value(
    name="potassium",
    label="Potassium",
    reported="2.1 mmol/L",
    compared="2.1 mmol/L",
    when="2026-03-01T21:05:00+01:00",
    status="preliminary",
    origin="Observation/k",
    path="Bundle.entry[4].resource",
    flags=(Words(code="preliminary", says="The result is preliminary and may change."),),
)
LOW = ThresholdUsed(
    name="total_b12_low",
    says="below this, the guideline calls deficiency confirmed",
    used="180 ng/L",
    published=("180 ng/L", "133 pmol/L"),
    in_force_from="2024-03-06",
    pack="ng239",
    evidence=(CHECKED,),
)
CRITICAL = ThresholdUsed(
    name="potassium_critical_low",
    says="at or below this the laboratory telephones",
    used="2.5 mmol/L",
    published=("2.5 mmol/L",),
    in_force_from=None,
    pack="safety",
    evidence=(GUESSED,),
)
NO_MMA = Missing(
    name="mma",
    label="Methylmalonic acid (serum)",
    reason="not-measured",
    says="No result was supplied.",
)
STALE_EGFR = Missing(
    name="egfr",
    label="eGFR",
    reason="stale",
    says="The latest result is older than the look-back allows.",
    reported="62 mL/min/1.73 m2",
    when="2024-01-15",
)

B12_STATUS = Status(
    topic="b12_status",
    title="Vitamin B12 status",
    pack="ng239",
    status=None,
    says="deficiency confirmed or indeterminate",
    possible=(CONFIRMED, INDETERMINATE),
    urgency="soon",
    because="Total B12 was reported only as below 200 pg/mL, on both sides of the cut-off.",
    why=(
        Reason(says="total B12 is below 180 ng/L", truth="unknown"),
        Reason(says="a neurological sign is present", truth="false"),
    ),
    thresholds=(LOW,),
    missing=(NO_MMA, STALE_EGFR),
    assumed=(
        Words(code="pregnant", says="pregnancy not stated"),
        Words(code="nitrous_oxide", says="nitrous oxide not stated"),
    ),
    restrictions=(),
    separated_by=(
        Settles(
            name="total_b12",
            label="Total B12",
            bands=(
                Band(finding="below 180 ng/L", statuses=(CONFIRMED,)),
                Band(finding="180 ng/L or above", statuses=(INDETERMINATE,)),
            ),
        ),
    ),
    settle=(
        Settles(
            name="mma",
            label="Methylmalonic acid (serum)",
            bands=(
                Band(finding="at or below 0.28 umol/L", statuses=(CONFIRMED, UNLIKELY)),
                Band(finding="above 0.28 to 0.75 umol/L", statuses=(CONFIRMED, PROBABLE)),
                Band(finding="above 0.75 umol/L", statuses=(CONFIRMED, FUNCTIONAL)),
            ),
        ),
    ),
    evidence=(CHECKED,),
)
CRAMPS = Status(
    topic="cramp_attribution",
    title="Cause of cramps",
    pack="cramps",
    status="uncertain",
    says="uncertain",
    possible=(Words(code="uncertain", says="uncertain"),),
    urgency="routine",
    because="Potassium explains cramps before vitamin B12 does.",
    why=(Reason(says="muscle cramps are present", truth="true"),),
    thresholds=(CRITICAL,),
    missing=(),
    assumed=(),
    restrictions=(
        Applied(
            id="kidney-mma",
            pack="confounders",
            confounder="kidney",
            because="Reduced kidney function raises MMA by itself.",
            evidence=(GUESSED,),
        ),
    ),
    separated_by=(),
    settle=(),
    evidence=(GUESSED,),
)

EMERGENCY = Note(
    rule="potassium-critically-low",
    title="Critically low potassium",
    pack="safety",
    pack_version="1.0.0",
    pack_date="2026-05-01",
    rule_status="draft",
    verified=False,
    topic="potassium",
    topic_title="Potassium",
    urgency="emergency",
    summary="Potassium 2.1 mmol/L (preliminary) is critically low",
    detail=(
        "A potassium at or below 2.5 mmol/L can disturb the rhythm of the heart. Consider an "
        "immediate repeat, an ECG and replacement. This note does not replace the laboratory's "
        "telephoned critical result."
    ),
    why=(Reason(says="potassium is at or below 2.5 mmol/L", truth="true"),),
    inputs=(POTASSIUM,),
    thresholds=(CRITICAL,),
    evidence=(GUESSED,),
    missing=(),
    limits=("The sample was not marked as haemolysed; haemolysis would hide a lower value.",),
)
SOON = Note(
    rule="b12-partly-known",
    title="Total B12 reported only as below a figure",
    pack="ng239",
    pack_version="1.2.0",
    pack_date="2026-05-01",
    rule_status="source-checked",
    verified=True,
    topic="b12_status",
    topic_title="Vitamin B12 status",
    urgency="soon",
    summary="Total B12 <200 pg/mL: deficiency confirmed or indeterminate",
    detail="Consider asking the laboratory for the figure, or measuring methylmalonic acid.",
    why=(Reason(says="total B12 is below 180 ng/L", truth="unknown"),),
    inputs=(B12,),
    thresholds=(LOW,),
    evidence=(CHECKED,),
    missing=(NO_MMA,),
    limits=(
        "Kidney function was not supplied; it changes how MMA is read.",
        "Nobody stated whether B12 was given before the sample.",
    ),
)
FOLDED = SOON.model_copy(
    update={
        "rule": "b12-within-laboratory-range",
        "title": "Within the laboratory's range",
        "urgency": "routine",
        "under": 1,
        "summary": "Total B12 may lie within the laboratory's range",
        "detail": "Assays and their reference ranges differ; both readings are stated here.",
    }
)

EXAMPLE = Report(
    corrin="0.1.0",
    as_of="2026-03-02T09:00:00Z",
    profile=ProfileUsed(
        id="uk", title="United Kingdom", version="1.0.0", digest="sha256:" + "c" * 64
    ),
    packs=(
        PackUsed(
            id="safety",
            title="Values that cannot wait",
            version="1.0.0",
            date="2026-05-01",
            digest="sha256:" + "a" * 64,
            in_force_from="2026-05-01",
            in_force=False,
            drafts=3,
            citations=("Example handbook of laboratory medicine, Example Press, 2021",),
        ),
        PackUsed(
            id="ng239",
            title="Vitamin B12 deficiency in over 16s",
            version="1.2.0",
            date="2026-05-01",
            digest="sha256:" + "b" * 64,
            in_force_from="2024-03-06",
            in_force=True,
            drafts=0,
            citations=("Example guideline on vitamin B12, Example Institute, 2024",),
        ),
    ),
    subject=SubjectSeen(age="68", sex="female", stated=True),
    in_scope=True,
    headline="Potassium 2.1 mmol/L is critically low; vitamin B12: confirmed or indeterminate",
    urgency="emergency",
    statuses={"b12_status": B12_STATUS, "cramp_attribution": CRAMPS},
    notes=(EMERGENCY, SOON, FOLDED),
    cannot_say=(
        CannotSay(
            rule="mma-raised", title="Raised MMA", pack="ng239", because=(NO_MMA, STALE_EGFR)
        ),
        CannotSay(rule="mma-normal", title="Normal MMA", pack="ng239", because=(NO_MMA,)),
    ),
    values=(B12, POTASSIUM),
    trends=(
        Trend(
            name="potassium",
            label="Potassium",
            direction="falling",
            first="3.4 mmol/L",
            first_when="2026-02-20",
            last="2.1 mmol/L",
            last_when="2026-03-02T08:00:00Z",
            change="-1.3 mmol/L",
            days="10",
            pace="-3.90 mmol/L in 30 days",
            count=2,
        ),
    ),
    context=(
        Context(
            name="muscle_cramp",
            label="Muscle cramps",
            present=True,
            since="2026-02",
            origin="Observation/cramps",
            flags=(Words(code="text-match", says="It was recognised by its text, not a code."),),
        ),
        Context(name="metformin", label="Metformin", present=False, history=True, until="2025"),
    ),
    refusals=(
        Refused(
            reason="unit-missing",
            says="The result has no unit.",
            remedy="Send the unit in Quantity.code or Quantity.unit.",
            path="Bundle.entry[7].resource.valueQuantity",
            origin="Observation/folate",
            name="folate",
            label="Folate (serum)",
            reported="4.1",
            when="2026-03-01",
            detail="folate is reported in nmol/L or ug/L, which differ by a factor of two",
        ),
        Refused(
            reason="resource-unknown",
            says="The resource is of a type that does not exist.",
            remedy="Correct resourceType.",
            path="Bundle.entry[9].resource",
        ),
    ),
    counts={"resources": 12, "used": 2, "refused": 2},
    notices=("Adult limits were used.",),
    facts_digest="sha256:" + "f" * 64,
    statement="For review by a clinician. This note supports a decision and does not make one.",
)
