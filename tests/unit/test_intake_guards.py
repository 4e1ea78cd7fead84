"""What stops a whole call, and that it says where."""

from __future__ import annotations

import json

import pytest

from corrin.intake import IntakeError, Limits, read
from corrin.intake.jsontext import depth_exceeds
from corrin.terminology import load
from support.fhir import bundle, dumps, observation, patient
from support.fhir import read as read_resources


@pytest.mark.parametrize(
    ("data", "reason", "path", "line"),
    [
        (b"", "empty", "", None),
        (b" \r\n\t", "empty", "", None),
        (b"\xef\xbb\xbf", "empty", "", None),
        (b"[]", "empty", "", None),
        (b"\xff\xfe{\x00}\x00", "not-utf8", "", 1),
        (b'{"a":\n"\xc3\x28"}', "not-utf8", "", 2),
        (b'{"resourceType":"Patient","name":["\\ud800"]}', "not-utf8", "Patient.name[0]", None),
        (b'{"\\udfff":1}', "not-utf8", "$this", None),
        (b"{", "not-json", "", 1),
        (b"\x00", "not-json", "", 1),
        (b'{"a":1} rubbish', "not-json", "", 1),
        (b'{"resourceType":"Patient"}\n\n{"b":', "not-json", "", 3),
        (
            b'{"resourceType":"Patient","a":[{"b":1,"b":2}]}',
            "duplicate-key",
            "Patient.a[0].b",
            None,
        ),
        (b'{"resourceType":"Patient"}\n{"a":1,"a":1}', "duplicate-key", "$this.a", 2),
        (b'{"resourceType":"Patient","a":NaN}', "number-not-finite", "Patient.a", None),
        (b'{"resourceType":"Patient","a":[-Infinity]}', "number-not-finite", "Patient.a[0]", None),
        (b'{"resourceType":"Patient","a":1e999999999}', "number-too-long", "Patient.a", None),
        (b'{"resourceType":"Patient","a":1E+00000031}', "number-too-long", "Patient.a", None),
        (
            b'{"resourceType":"Patient","a":' + b"9" * 100_000 + b"}",
            "number-too-long",
            "Patient.a",
            None,
        ),
        (b"5", "not-fhir", "", None),
        (b'"text"', "not-fhir", "", None),
        (b'{"a":1}', "not-fhir", "resourceType", None),
        (b'{"resourceType":"Blancmange"}', "not-fhir", "resourceType", None),
        (b'{"resourceType":["Patient"]}', "not-fhir", "resourceType", None),
        (b"[1, null]", "not-fhir", "", None),
        (b'{"a":1}\n{"b":2}', "not-fhir", "", None),
        (b"[" * 65 + b"]" * 65, "too-deep", "", None),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too-deep", "", None),
        (b"[" * 1_000_000, "too-deep", "", None),
    ],
)
def test_a_call_is_refused_whole(data: bytes, reason: str, path: str, line: int | None) -> None:
    with pytest.raises(IntakeError) as caught:
        read(data)
    (problem,) = caught.value.problems
    assert (problem.reason, problem.path, problem.line) == (reason, path, line)
    known = load().reasons[reason]
    assert (problem.sentence, problem.remedy) == (known.sentence, known.remedy)
    assert "call" in known.kinds


def test_limits_are_kept() -> None:
    data = dumps(bundle(*(observation(id=f"o{at}") for at in range(5))))
    assert len(read(data, limits=Limits(entries=5)).results) == 5
    for limits, reason in (
        (Limits(entries=4), "too-many-entries"),
        (Limits(bytes=len(data) - 1), "too-large"),
        (Limits(depth=5), "too-deep"),
        (Limits(number_length=2), "number-too-long"),
    ):
        with pytest.raises(IntakeError) as caught:
            read(data, limits=limits)
        assert caught.value.problems[0].reason == reason
    lines = b"\n".join(dumps(observation(id=f"o{at}")) for at in range(5))
    with pytest.raises(IntakeError, match="too-many-entries"):
        read(lines, limits=Limits(entries=4))
    contained = dumps(observation(contained=[observation(id=f"c{at}") for at in range(5)]))
    with pytest.raises(IntakeError, match="too-many-entries"):
        read(contained, limits=Limits(entries=5))


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ('{"a":[1,{"b":[]}]}', 4),
        ('{"a":"[[[[[[[[[["}', 1),
        ('["]","]",["]",["]"]]]', 3),
        (r'["\"[",["\\",["\\\"[["]]]', 3),
        ("[[],[],[[]],{}]", 3),
        ("[" * 30 + "]" * 30, 30),
    ],
)
def test_depth_is_exact(text: str, depth: int) -> None:
    json.loads(text)
    assert not depth_exceeds(text.encode(), depth)
    assert depth_exceeds(text.encode(), depth - 1) is (
        text.count("[") + text.count("{") > depth - 1
    )


def test_a_surrogate_pair_is_text() -> None:
    data = b'{"resourceType":"Patient","id":"p","name":[{"text":"\\ud83d\\ude00"}]}'
    assert read(data).subject.present


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbf" + dumps(observation())).results


def test_digits_are_kept_as_written() -> None:
    data = dumps(observation()).replace(b'"value": 240', b'"value": 240.100')
    (found,) = read(data).results
    assert (found.reported, str(found.interval.low)) == ("240.100 ng/L", "240.100")


@pytest.mark.parametrize("written", ["2.4e2", "24E1", "2400e-1"])
def test_an_exponent_is_a_number(written: str) -> None:
    data = dumps(observation()).replace(b'"value": 240', f'"value": {written}'.encode())
    (found,) = read(data).results
    assert found.interval.low == 240 and "E" not in found.reported


def test_an_error_says_nothing_of_a_patient() -> None:
    data = b'{"resourceType":"Patient","name":"Rosa Sanders","birthDate":NaN}'
    with pytest.raises(IntakeError) as caught:
        read(data)
    assert "Rosa" not in str(caught.value) and "Rosa" not in repr(caught.value.problems)


def test_a_bundle_of_nothing_is_an_answer() -> None:
    for empty in ({"resourceType": "Bundle", "type": "searchset"}, bundle(), bundle(patient())):
        assert read_resources(empty).results == ()
    assert read(b'{"resourceType":"Parameters"}').results == ()


def test_a_bad_entry_does_not_take_down_the_good_ones() -> None:
    found = read_resources(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                5,
                {"resource": 5},
                {"resource": {}},
                {"resource": {"resourceType": "Blancmange"}},
                {"fullUrl": 7},
                {"resource": observation()},
            ],
        }
    )
    assert len(found.results) == 1
    assert [(one.reason, one.path) for one in found.refusals] == [
        ("malformed", "Bundle.entry[0]"),
        ("malformed", "Bundle.entry[1].resource"),
        ("malformed", "Bundle.entry[2].resource.resourceType"),
        ("resource-unknown", "Bundle.entry[3].resource"),
    ]
    assert dict(found.counts) == {"used": 1, "superseded": 0, "not-ours": 0, "refused": 4}
