"""Whatever the bytes: a reading or an IntakeError, never anything else; order never matters."""

from __future__ import annotations

import copy
import json
import random
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from corrin.facts.choose import Policy, choose
from corrin.facts.moment import Moment
from corrin.intake import IntakeError, Limits, read
from corrin.intake.jsontext import depth_exceeds
from corrin.terminology import load
from support.fhir import (
    ANTIBODY,
    B12,
    HAEMOGLOBIN,
    MMA,
    POTASSIUM,
    SNOMED,
    bundle,
    coded,
    dumps,
    observation,
    patient,
    quantity,
    stated,
)
from support.places import sample_files

AS_OF = Moment.parse("2026-11-01")
POLICY = Policy(look_back={"potassium": 7}, otherwise=90)
REASONS = load().reasons

# --- JSON of the right words in the wrong places ----------------------------------------------

WORDS = [
    "resourceType",
    "Bundle",
    "Observation",
    "Patient",
    "Parameters",
    "Condition",
    "Specimen",
    "Medication",
    "MedicationStatement",
    "DiagnosticReport",
    "type",
    "collection",
    "history",
    "transaction",
    "entry",
    "resource",
    "fullUrl",
    "request",
    "method",
    "parameter",
    "part",
    "name",
    "id",
    "meta",
    "contained",
    "code",
    "coding",
    "system",
    "http://loinc.org",
    B12,
    MMA,
    "2171-7",
    "58410-2",
    SNOMED,
    "77386006",
    "status",
    "final",
    "value",
    "valueQuantity",
    "valueString",
    "valueRange",
    "valueRatio",
    "valueCodeableConcept",
    "unit",
    "ng/L",
    "comparator",
    "<",
    "ad",
    "effectiveDateTime",
    "effectivePeriod",
    "start",
    "end",
    "2026-10-20",
    "2026",
    "0001-01-01",
    "issued",
    "component",
    "referenceRange",
    "low",
    "high",
    "text",
    "180-914",
    "interpretation",
    "specimen",
    "reference",
    "Patient/p",
    "#p",
    "subject",
    "identifier",
    "gender",
    "birthDate",
    "clinicalStatus",
    "active",
    "medicationReference",
    "note",
    "evaluationTime",
    "valueDateTime",
    "hasMember",
    "focus",
    "dataAbsentReason",
    "modifierExtension",
    "lastUpdated",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from(WORDS)
    | st.text(max_size=12)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=40,
)


def attempt(data: bytes, **options: Any) -> None:
    """Read; choose from what was read; every reason must be on the list."""
    try:
        reading = read(data, **options)
    except IntakeError as error:
        assert error.problems
        assert all(
            one.reason in REASONS and "call" in REASONS[one.reason].kinds for one in error.problems
        )
        return
    for refusal in reading.refusals:
        assert "refusal" in REASONS[refusal.reason].kinds, refusal
        assert refusal.path
    for result in reading.results:
        assert set(result.flags) <= set(REASONS), result.flags
    case = choose(reading, AS_OF, POLICY)
    assert sum(case.counts.values()) == sum(reading.counts.values())
    for fact in case.facts.values():
        reason = getattr(fact, "reason", None)
        assert reason is None or reason in REASONS, fact


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    attempt(data)


@given(TREES)
def test_any_json(tree: Any) -> None:
    attempt(json.dumps(tree).encode())
    attempt(json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.lists(TREES, max_size=4))
def test_any_json_in_a_bundle_or_in_lines(trees: list[Any]) -> None:
    attempt(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": trees}).encode())
    attempt(json.dumps(bundle(*trees)).encode())
    attempt("\n".join(json.dumps(tree) for tree in trees).encode())


@given(TREES.filter(lambda tree: isinstance(tree, list | dict)))
def test_depth_is_what_it_is(tree: Any) -> None:
    def depth(value: Any) -> int:
        if isinstance(value, dict):
            return 1 + max(map(depth, value.values()), default=0)
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    data, found = json.dumps(tree).encode(), depth(tree)
    assert not depth_exceeds(data, found) and depth_exceeds(data, found - 1)


# --- real resources, spoiled -------------------------------------------------------------------

REAL: list[Any] = [
    observation(
        B12,
        referenceRange=[{"low": quantity(180), "high": quantity(914)}],
        interpretation=[coded("L")],
    ),
    observation(
        POTASSIUM,
        2.1,
        "mmol/L",
        specimen={"reference": "#s"},
        contained=[{"resourceType": "Specimen", "id": "s", "type": coded("119364003", SNOMED)}],
    ),
    observation(ANTIBODY, valueCodeableConcept=coded("10828004", SNOMED)),
    observation(
        coded("58410-2"),
        valueQuantity=None,
        component=[{"code": coded(HAEMOGLOBIN), "valueQuantity": quantity(72, "g/L")}],
    ),
    observation(
        MMA,
        valueRange={"low": quantity(0.2, "umol/L"), "high": quantity(0.4, "umol/L")},
        effectivePeriod={"start": "2026-10-20"},
        effectiveDateTime=None,
    ),
    bundle(
        patient(),
        observation(B12, valueString="<150 ng/L"),
        stated("Condition", coded("84027009", SNOMED), onsetDateTime="2019"),
    ),
    bundle(
        stated("Procedure", coded("53442002", SNOMED), status="completed"),
        stated("MedicationStatement", coded("B03BA01", "http://www.whocc.no/atc"), status="active"),
        type="history",
    ),
    {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "evaluationTime", "valueDateTime": "2026-10-01"},
            {"name": "data", "resource": bundle(patient(), observation())},
        ],
    },
]
REAL += [json.loads(file.read_bytes()) for file in sample_files("fhir/*.json")]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    found = [path] if path else []
    steps = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, inner in steps:
        found += places(inner, (*path, step))
    return found


def spoil(value: Any, random_: random.Random, replacement: Any) -> Any:
    """A copy with one element replaced, removed, wrapped or doubled."""
    spoiled = copy.deepcopy(value)
    path = random_.choice(places(spoiled))
    holder = spoiled
    for step in path[:-1]:
        holder = holder[step]
    match random_.randrange(4):
        case 0:
            holder[path[-1]] = replacement
        case 1:
            del holder[path[-1]]
        case 2:
            holder[path[-1]] = [holder[path[-1]]]
        case _:
            holder[path[-1]] = {"x": holder[path[-1]]}
    return spoiled


@given(
    st.sampled_from(REAL),
    st.randoms(use_true_random=False),
    st.lists(TREES, min_size=1, max_size=4),
)
def test_spoiled_resources(resource: Any, random_: random.Random, replacements: list[Any]) -> None:
    for replacement in replacements:
        resource = spoil(resource, random_, replacement)
        if not places(resource):
            break
    attempt(json.dumps(resource).encode())


@given(st.sampled_from(REAL), st.data())
def test_cut_and_changed_bytes(resource: Any, data: st.DataObject) -> None:
    text = bytearray(json.dumps(resource).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        text = text or bytearray(b" ")
    attempt(bytes(text))


@given(st.sampled_from(REAL), st.integers(1, 40), st.integers(1, 8))
def test_small_limits(resource: Any, entries: int, depth: int) -> None:
    attempt(dumps(resource), limits=Limits(entries=entries, depth=depth))


# --- order -------------------------------------------------------------------------------------

VALUES = st.sampled_from(["120", "180", "240", "240.0", "177"])
DAYS = st.sampled_from(
    ["2026-10-20", "2026-10-20T08:00:00Z", "2026-10", "2026-08-01", "2026-12-01", None]
)
STATUSES = st.sampled_from(
    ["final", "preliminary", "amended", "corrected", "unknown", "entered-in-error"]
)
RESULTS = st.builds(
    lambda value, unit, day, status, identifier, issued: observation(
        B12,
        value,
        unit,
        effectiveDateTime=day,
        status=status,
        identifier=identifier,
        issued=issued,
    ),
    VALUES.map(float),
    st.sampled_from(["ng/L", "pg/mL", "pmol/L", "smoots"]),
    DAYS,
    STATUSES,
    st.sampled_from([None, [{"value": "1"}], [{"value": "2"}]]),
    st.sampled_from([None, "2026-10-21T00:00:00Z", "2026-10-22T00:00:00Z"]),
)
STATEMENTS = st.builds(
    lambda code, day, so: observation(coded(code, SNOMED), valueBoolean=so, effectiveDateTime=day),
    st.sampled_from(["55300003", "77386006", "84027009"]),
    DAYS,
    st.booleans(),
)


@given(st.lists(RESULTS | STATEMENTS, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(resources: list[Any], random_: random.Random) -> None:
    named = [patient(), *({**one, "id": f"o{at}"} for at, one in enumerate(resources))]
    straight = read(dumps(bundle(*named)))
    case = choose(straight, AS_OF, POLICY)
    random_.shuffle(named)
    mixed = read(dumps(bundle(*named)))
    assert mixed == straight
    assert choose(mixed, AS_OF, POLICY) == case


@given(st.lists(RESULTS, min_size=1, max_size=6))
def test_what_is_chosen_is_the_latest_of_the_usable(resources: list[Any]) -> None:
    named = [{**one, "id": f"o{at}"} for at, one in enumerate(resources)]
    case = choose(read(dumps(bundle(*named))), AS_OF, POLICY)
    fact = case.facts["total_b12"]
    chosen = getattr(fact, "interval", None)
    if chosen is None:
        return
    assert fact.when is not None and fact.when.start <= AS_OF.end  # type: ignore[union-attr]
    for other in case.earlier["total_b12"]:
        assert other.when is not None
        if other.status == "preliminary" or other.when.start > AS_OF.end:
            continue
        fewest, most = other.when.days_before(AS_OF)
        assert most > 90 or other.when.start <= fact.when.end  # type: ignore[union-attr]
        assert fewest <= most


@given(st.decimals(0, 100_000, places=3), st.sampled_from(["<", "<=", ">", ">=", None]))
def test_no_digit_and_no_sign_is_lost(value: Decimal, comparator: str | None) -> None:
    one = observation(
        B12, valueQuantity=quantity(0, comparator=comparator) if comparator else quantity(0)
    )
    data = dumps(one).replace(b'"value": 0', b'"value": ' + str(value).encode())
    (found,) = read(data).results
    assert found.reported == f"{comparator or ''}{value} ng/L"
    bounds = {found.interval.low, found.interval.high} - {None}
    assert {str(bound) for bound in bounds if bound is not None} == {str(value)}
