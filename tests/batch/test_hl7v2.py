"""Files of HL7 v2 are read as they are framed and encoded, and nothing in them is lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from batch.reading import Run, run
from corrin.batch.row import Read
from corrin.batch.sources.hl7v2 import Hl7v2Source, recognise
from corrin.batch.sources.source import InputError, Options, Span

PID = "PID|1||77^^^LAB&1.2.3&ISO^MR||DOE^JANE||19560401|F"
OBR = "OBR|1||F17|PANEL|||20260501093000|||||||||||||||20260501120000|||F"
B12 = "OBX|1|NM|2132-9^Vitamin B12^LN||150|pg/mL^picogram^UCUM|200-900|L|||F"


def msh(kind: str = "ORU^R01", mode: str = "P", charset: str = "", pointer: str = "") -> str:
    return f"MSH|^~\\&|A|B|C|D|20260501130000||{kind}|1|{mode}|2.5.1||{pointer}||||{charset}"


def oru(*segments: str, **header: str) -> str:
    return "\r".join((msh(**header), *segments)) + "\r"


def source(folder: Path, data: bytes | str, **options: str) -> Hl7v2Source:
    path = folder / "results.hl7"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return Hl7v2Source("results.hl7", str(path), Options(**options))


def reading(folder: Path, data: bytes | str, **options: str) -> Run:
    return run([source(folder, data, **options)], zone=options.get("zone", "UTC"))


KEY = "Patient/77-1.2.3"
TAKEN = [(KEY, "total_b12", "150 pg/mL", "2026-05-01T09:30:00", 4)]


def taken(found: Run) -> list[tuple[str, int]]:
    """Values taken of B12, with their lines."""
    return [(one[2], one[4]) for one in found.taken() if one[1] == "total_b12"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_three_ways(tmp_path: Path, end: str) -> None:
    found = reading(tmp_path, oru(PID, OBR, B12).replace("\r", end))
    assert found.taken() == TAKEN
    assert (found.went, found.reads[0].rows, found.reads[0].lines) == ((2, 0, 0, 0), 2, 4)


def test_the_last_segment_may_lack_its_end(tmp_path: Path) -> None:
    assert reading(tmp_path, oru(PID, OBR, B12).rstrip("\r")).taken() == TAKEN


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b%s\x1c\r",
        b"\xef\xbb\xbf%s",
        b"\r\n\r\n%s\r\n",
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r%sBTS|1\rFTS|1\r",
        b"\x0b%s\x1c\r\x0bMSH|^~\\&|A|||||||ACK^R01|1|P|2.5\rMSA|AA|1\r\x1c\r",
    ],
)
def test_frames_and_envelopes_are_taken_off(tmp_path: Path, data: bytes) -> None:
    found = reading(tmp_path, data % oru(PID, OBR, B12).encode())
    assert [one[:4] for one in found.taken()] == [TAKEN[0][:4]]
    assert found.refused() == []


def test_packed_files_are_read(tmp_path: Path) -> None:
    assert reading(tmp_path, gzip.compress(oru(PID, OBR, B12).encode())).taken() == TAKEN


def test_a_packed_file_that_is_cut_says_so(tmp_path: Path) -> None:
    packed = gzip.compress(oru(PID, OBR, B12).encode())[:-9]
    with pytest.raises(InputError, match="input-truncated"):
        reading(tmp_path, packed)


def test_every_message_of_many_is_read_whatever_the_pieces(tmp_path: Path) -> None:
    many = "".join(
        oru(PID.replace("|77^", f"|{at}^"), OBR, B12.replace("|150|", f"|{150 + at}|"))
        for at in range(40)
    )
    framed = many.replace("MSH", "\x1c\r\x0bMSH").removeprefix("\x1c\r") + "\x1c\r"
    for data in (many, many.replace("\r", "\r\n"), framed):
        whole = run([source(tmp_path, data)])
        pieces = run([source(tmp_path, data)], most_bytes=700)
        assert len(pieces.reads) > 10
        assert pieces.tables == whole.tables
    assert len(run([source(tmp_path, many)]).taken()) == 40


def test_other_delimiters_are_those_of_the_header(tmp_path: Path) -> None:
    data = oru(PID, OBR, B12).replace("|", "!").replace("^", "*").replace("~", "%")
    assert reading(tmp_path, data.replace("&", "@")).taken() == TAKEN


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("8859/1", "latin-1"),
        ("UNICODE UTF-8", "utf-8"),
        ("UNICODE", "utf-8"),
        ("", "utf-8"),
        ("8859/15", "iso8859-15"),
        ("GB 18030-2000", "gb18030"),
        ("UNICODE UTF-8~8859/1", "utf-8"),
    ],
)
def test_the_character_set_of_the_header_is_honoured(
    tmp_path: Path, charset: str, encoding: str
) -> None:
    hcy = "OBX|1|NM|13965-9^Hcy^LN||14.2|µmol/L||||||F"
    found = reading(tmp_path, oru(PID, OBR, hcy, charset=charset).encode(encoding))
    assert [one[2] for one in found.taken()] == ["14.2 µmol/L"]


def test_bytes_of_another_encoding_are_refused_unless_it_is_told(tmp_path: Path) -> None:
    hcy = "OBX|1|NM|13965-9^Hcy^LN||14.2|µmol/L||||||F"
    data = oru(PID, OBR, hcy, B12.replace("Vitamin B12", "Größe")).encode("latin-1")
    found = reading(tmp_path, data)
    assert found.refused() == [("results.hl7", 4, "OBX", "input-encoding")]
    assert taken(found) == [("150 pg/mL", 5)]
    assert len(reading(tmp_path, data, encoding="latin-1").taken()) == 2


def test_a_name_that_cannot_be_decoded_loses_no_result(tmp_path: Path) -> None:
    data = oru(PID.replace("DOE", "MÜLLER"), OBR, B12).encode("latin-1")
    assert reading(tmp_path, data).taken() == TAKEN


@pytest.mark.parametrize(
    ("unit", "reported"),
    [
        ("10\\S\\9/L", "250 10^9/L"),
        ("10^9/L", "250 10^9/L"),
        ("10*9/L^^UCUM", "250 10*9/L"),
        ("x^text^L^10*9/L^^UCUM", "250 10*9/L"),
        ("\\X31302A392F4C\\", "250 10*9/L"),
    ],
)
def test_units_are_read_however_they_are_escaped(tmp_path: Path, unit: str, reported: str) -> None:
    found = reading(tmp_path, oru(PID, OBR, f"OBX|1|NM|777-3^Plt^LN||250|{unit}|||||F"))
    assert [one[2] for one in found.taken()] == [reported]


def results(folder: Path, *segments: str, **header: str) -> tuple[list[str], list[str]]:
    """Values taken of B12, and reasons for refusals."""
    found = reading(folder, oru(PID, OBR, *segments, **header))
    return [one[0] for one in taken(found)], [one[3] for one in found.refused()]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("NM", "150.0", ["150.0 pg/mL"]),
        ("NM", "<150", ["<150 pg/mL"]),
        ("SN", "<^150", ["<150 pg/mL"]),
        ("SN", "^150", ["150 pg/mL"]),
        ("SN", "=^150", ["150 pg/mL"]),
        ("SN", ">=^2000", [">=2000 pg/mL"]),
        ("SN", "^100^-^150", ["100 pg/mL - 150 pg/mL"]),
        ("NR", "100^150", ["100 pg/mL - 150 pg/mL"]),
        ("ST", "< 150", ["<150 pg/mL"]),
        ("ST", "150,5", ["150,5 pg/mL"]),
        ("", "150", ["150 pg/mL"]),
        ("ST", "\\T\\lt;150", ["value-unreadable"]),
        ("ST", "see note", ["value-unreadable"]),
        ("TX", "pending~call", ["value-unreadable"]),
        ("NM", "150~160", ["value-unreadable"]),
        ("SN", "^1^:^8", ["value-type"]),
        ("SN", "^2^+", ["value-unreadable"]),
        ("CWE", "260385009^Negative^SCT", ["value-type"]),
        ("DT", "20260501", ["value-type"]),
        ("TM", "0930", ["value-type"]),
        ("ED", "a^b^c", ["value-type"]),
        ("NM", '""', ["no-value"]),
        ("NM", "", ["no-value"]),
        ("NM", "-5", ["value-negative"]),
    ],
)
def test_values_are_read_by_their_type(
    tmp_path: Path, kind: str, value: str, said: list[str]
) -> None:
    obx = f"OBX|1|{kind}|2132-9^B12^LN||{value}|pg/mL|||||F"
    values, reasons = results(tmp_path, obx)
    assert values + reasons == said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("F", "final"),
        ("C", "corrected"),
        ("A", "amended"),
        ("P", "preliminary"),
        ("B", "final"),
        ("V", "final"),
        ("U", "final"),
        ("R", "preliminary"),
        ("S", "preliminary"),
        ("", "final"),
        ("X", "cancelled"),
        ("D", "entered-in-error"),
        ("W", "entered-in-error"),
        ("I", "status-unusable"),
        ("O", "status-unusable"),
        ("N", "malformed"),
        ("?", "status-unknown-code"),
    ],
)
def test_statuses_decide_as_the_mapping_says(tmp_path: Path, status: str, said: str) -> None:
    found = reading(tmp_path, oru(PID, OBR, B12.removesuffix("F") + status))
    refused = [one[3] for one in found.refused()]
    assert (refused or [one.status for _, _, one in found.results])[0] == said


def test_a_result_that_was_not_obtained_says_so(tmp_path: Path) -> None:
    found = reading(tmp_path, oru(PID, OBR, "OBX|1|NM|2132-9^B12^LN||||||||N"))
    assert found.refused() == [("results.hl7", 4, "Observation", "no-value")]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("2132-9^B12^LN", ["150 pg/mL"]),
        ("B12^B12^L^2132-9^B12^LN", ["150 pg/mL"]),
        ("2132-9^B12^LN^B12^B12^99LAB", ["150 pg/mL"]),
        ("2132-9^B12^2.16.840.1.113883.6.1", ["150 pg/mL"]),
        ("2132-9^B12^L", ["input-code-system"]),
        ("2132-9^B12^99MRC", ["input-code-system"]),
        ("2132-9^B12", ["code-rejected"]),
        ("B12^B12^L", []),
        ("11001^*LIC#^99MRC", []),
    ],
)
def test_loinc_is_taken_from_either_triplet_and_only_by_name(
    tmp_path: Path, code: str, said: list[str]
) -> None:
    values, reasons = results(tmp_path, f"OBX|1|NM|{code}||150|pg/mL|||||F")
    assert values + reasons == said


def test_local_codes_are_named_by_a_file(tmp_path: Path) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("system: urn:id:99LAB\ncodes:\n  - {code: VB12, loinc: 2132-9}\n")
    data = oru(PID, OBR, "OBX|1|NM|VB12^Vit B12^99LAB||150|pg/mL|||||F")
    assert reading(tmp_path, data).taken() == []
    assert reading(tmp_path, data, codes=str(codes)).taken() == TAKEN


def test_flags_may_repeat_and_begin_empty(tmp_path: Path) -> None:
    from corrin.batch.sources.hl7v2_lines import Line, Message
    from corrin.batch.sources.hl7v2_message import parse
    from corrin.batch.sources.hl7v2_result import Order, Result, record_of

    for flags, said in (("H~A", ["H", "A"]), ("~N", ["N"]), ("", []), ("HH^^HL70078", ["HH"])):
        lines = [Line(1, msh().encode()), Line(2, f"OBX|1|NM|x||1||| {flags}".encode())]
        segment = parse(Message(lines)).segments[1]
        made = record_of(Result(segment), Order(), "1", "", "UTC")
        assert list(made.interpretation) == said


@pytest.mark.parametrize(
    ("obx", "obr", "zone", "when"),
    [
        ("20260301", "", "UTC", "2026-03-01"),
        ("202603", "", "UTC", "2026-03"),
        ("2026", "", "UTC", "2026"),
        ("2026030109", "", "UTC", "2026-03-01"),
        ("202603010930", "", "UTC", "2026-03-01T09:30"),
        ("20260301093015.250+0200", "", "UTC", "2026-03-01T09:30:15.250+02:00"),
        ("20260301093015", "", "Europe/London", "2026-03-01T09:30:15"),
        ("", "20260302", "UTC", "2026-03-02"),
        ("20260329013000", "", "Europe/London", "2026-03-29"),
        ("20261025013000", "", "Europe/London", "2026-10-25"),
        ("20261025013000+0100", "", "Europe/London", "2026-10-25T01:30:00+01:00"),
        ("20260329023000", "", "UTC", "2026-03-29T02:30:00"),
    ],
)
def test_times_are_as_precise_as_they_are_told(
    tmp_path: Path, obx: str, obr: str, zone: str, when: str
) -> None:
    data = oru(PID, f"OBR|1||F17|P|||{obr}", f"{B12}|||{obx}")
    assert [one[3] for one in reading(tmp_path, data, zone=zone).taken()] == [when]


def test_no_time_and_no_date_are_refused(tmp_path: Path) -> None:
    without = oru(PID, "OBR|1||F17|P", B12).replace("20260501130000", "")
    assert [one[3] for one in reading(tmp_path, without).refused()] == ["date-missing"]
    for text in ("20261301", "yesterday", "20260230"):
        found = reading(tmp_path, oru(PID, OBR, f"{B12}|||{text}"))
        assert found.refused() == [("results.hl7", 4, "OBX-14", "date-invalid")]


def test_the_specimen_behind_the_results_counts_for_them(tmp_path: Path) -> None:
    urine, blood = "SPM|1|||UR^Urine^HL70487", "SPM|1|||119297000^Blood^SCT"
    assert results(tmp_path, B12, urine) == ([], ["wrong-specimen"])
    assert results(tmp_path, B12, blood) == (["150 pg/mL"], [])
    assert results(tmp_path, B12, "SPM|1|||UR") == ([], ["wrong-specimen"])
    assert results(tmp_path, B12, blood, urine) == (["150 pg/mL"], [])
    other = OBR.replace("F17", "F18")
    assert results(tmp_path, B12, blood, other, B12.replace("OBX|1", "OBX|2"), urine) == (
        ["150 pg/mL"],
        ["wrong-specimen"],
    )
    sent = "|".join(["OBR", "1", "", "F17", "P", "", "", "20260501", *[""] * 7, "UR&Urine&HL70070"])
    found = reading(tmp_path, oru(PID, sent, B12))
    assert [one[3] for one in found.refused()] == ["wrong-specimen"]


def test_remarks_and_the_state_of_the_sample_are_read(tmp_path: Path) -> None:
    for extra in ("NTE|1||Haemolysed", "SPM|1|||SER^Serum^HL70487" + "|" * 20 + "HEM^^HL70493"):
        found = reading(tmp_path, oru(PID, OBR, B12, extra))
        assert ["haemolysed" in one.flags for _, _, one in found.results] == [True]


def test_a_correction_takes_the_place_of_what_it_corrects(tmp_path: Path) -> None:
    first = oru(PID, OBR, B12)
    fixed = B12.replace("|150|", "|510|").removesuffix("F") + "C"
    later = OBR.replace("20260501120000", "20260502120000")
    found = reading(tmp_path, first + oru(PID, later, fixed))
    assert taken(found) == [("510 pg/mL", 8)]
    assert found.went == (2, 2, 0, 0)  # the first result, and the first of two equal Patients


def test_two_results_of_one_order_are_told_apart_by_their_sub_id(tmp_path: Path) -> None:
    two = oru(PID, OBR, B12.replace("||150|", "|1|150|"), B12.replace("||150|", "|2|510|"))
    assert taken(reading(tmp_path, two)) == [("150 pg/mL", 4), ("510 pg/mL", 5)]


def test_the_person_is_known_by_the_medical_record_number(tmp_path: Path) -> None:
    ids = ["9^^^SSN^SS", "77^^^LAB&1.2.3&ISO^MR", "5^^^LAB^AN"]
    for order in (ids, ids[::-1]):
        pid = f"PID|1||{'~'.join(order)}||||19560401|F"
        assert reading(tmp_path, oru(pid, OBR, B12)).taken() == TAKEN


def test_numbers_of_two_authorities_are_two_people(tmp_path: Path) -> None:
    other = PID.replace("1.2.3", "1.2.4")
    found = reading(tmp_path, oru(PID, OBR, B12) + oru(other, OBR, B12))
    assert sorted(one["subject"] for one in found.tables["reports"]) == [
        "Patient/77-1.2.3",
        "Patient/77-1.2.4",
    ]


def test_several_people_in_one_message_stay_apart(tmp_path: Path) -> None:
    other = PID.replace("|77^", "|78^").replace("|F", "|M")
    found = reading(tmp_path, oru(PID, OBR, B12, other, OBR, B12.replace("|150|", "|600|")))
    assert [(one[0], one[2]) for one in found.taken()] == [
        ("Patient/77-1.2.3", "150 pg/mL"),
        ("Patient/78-1.2.3", "600 pg/mL"),
    ]


def test_the_newest_word_on_a_person_counts(tmp_path: Path) -> None:
    older = oru(PID.replace("|F", "|M"), OBR, B12).replace("20260501130000", "20250101130000")
    empty = oru("PID|1||77^^^LAB&1.2.3&ISO^MR", OBR, B12.replace("2132-9", "787-2"))
    found = reading(tmp_path, older + oru(PID, OBR, B12) + empty)
    assert not [one for one in found.refused() if one[2] in ("PID-8", "PID-7")]


@pytest.mark.parametrize(
    ("pid", "path", "reason"),
    [
        ("PID|1||", "PID-3", "subject-missing"),
        ("PID|1||5^^^LAB^AN", "PID-3", "subject-missing"),
        ('PID|1||""', "PID-3", "subject-missing"),
        (f"{PID}{'|' * 27}448771007^Dog^SCT", "PID-35", "not-the-patient"),
    ],
)
def test_results_of_nobody_are_refused(tmp_path: Path, pid: str, path: str, reason: str) -> None:
    found = reading(tmp_path, oru(pid, OBR, B12))
    assert found.refused() == [
        ("results.hl7", 2, path, reason),
        ("results.hl7", 4, path, reason),
    ]


def test_results_before_any_person_are_refused(tmp_path: Path) -> None:
    found = reading(tmp_path, oru(OBR, B12))
    assert found.refused() == [("results.hl7", 3, "PID", "subject-missing")]


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        (oru(PID, OBR, B12, mode="T"), "MSH-11", "input-message-test"),
        (oru(PID, OBR, B12, mode="D"), "MSH-11", "input-message-test"),
        (oru(PID, OBR, B12, pointer="x"), "MSH-14", "input-message-continued"),
        (oru(PID, OBR, B12, "DSC|7"), "DSC", "input-message-continued"),
        ("\x0b" + oru(PID, OBR, B12), "", "input-message-cut"),
        ("BHS|^~\\&\r" + oru(PID, OBR, B12)[:-1], "", "input-message-cut"),
    ],
)
def test_messages_that_may_not_be_used_are_refused_whole(
    tmp_path: Path, data: str, path: str, reason: str
) -> None:
    found = reading(tmp_path, data)
    assert [(one[2], one[3]) for one in found.refused()] == [(path, reason)] * 2
    assert found.tables["reports"] == []


@pytest.mark.parametrize("mode", ["P", "P^T", ""])
def test_real_messages_are_used(tmp_path: Path, mode: str) -> None:
    assert reading(tmp_path, oru(PID, OBR, B12, mode=mode)).taken() == TAKEN


@pytest.mark.parametrize("kind", ["ADT^A01", "ORU^R32", "ORM^O01", "ACK", ""])
def test_other_messages_are_counted_and_left(tmp_path: Path, kind: str) -> None:
    found = reading(tmp_path, oru(PID, OBR, B12, kind=kind) + oru("EVN|1", kind=kind))
    assert (found.reads[0].rows, found.reads[0].not_ours) == (3, 3)
    assert found.tables["refusals"] == found.tables["reports"] == []


def test_an_older_header_that_names_no_event_is_read(tmp_path: Path) -> None:
    assert reading(tmp_path, oru(PID, OBR, B12, kind="ORU")).taken() == TAKEN


def test_a_line_that_is_no_segment_costs_nothing_but_itself(tmp_path: Path) -> None:
    data = "stray\r" + oru(PID, OBR, "OBXX|1", "continued text", B12, "ob|1")
    found = reading(tmp_path, data)
    assert taken(found) == [("150 pg/mL", 7)]
    assert found.refused() == [("results.hl7", line, "", "input-segment") for line in (1, 5, 6, 8)]


@pytest.mark.parametrize("header", ["MSH", "MSH|", "MSH||||", "MSHabc", "MSH|^^^^|A", "MSH |~"])
def test_a_header_that_cannot_be_read_refuses_its_message_only(tmp_path: Path, header: str) -> None:
    found = reading(tmp_path, f"{header}\r{PID}\r{OBR}\r{B12}\r" + oru(PID, OBR, B12))
    assert taken(found) == [("150 pg/mL", 8)]
    assert {one[3] for one in found.refused()} == {"input-message-header"}
    assert [one[1] for one in found.refused()] == [1, 2, 4]


def test_a_line_longer_than_any_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corrin.batch.sources.hl7v2_lines.MOST_LINE", 4096)
    found = reading(tmp_path, oru(PID, OBR, f"OBX|9|ED|x||{'A' * 2_000_000}", B12))
    assert found.refused() == [("results.hl7", 4, "", "input-line-too-long")]
    assert taken(found) == [("150 pg/mL", 5)]


def test_what_does_not_concern_us_is_left_with_its_remarks(tmp_path: Path) -> None:
    other = "OBX|2|NM|X1^Other^L||1||||||F"
    found = reading(tmp_path, oru(PID, OBR, B12, other, "NTE|1||Haemolysed", other))
    assert [("haemolysed" in one.flags) for _, _, one in found.results] == [False]
    assert (found.reads[0].rows, found.reads[0].not_ours) == (4, 2)
    answered = "OBX|2|CWE|X1^Other^L||84027009^Pernicious anaemia^SCT||||||F"
    assert reading(tmp_path, oru(PID, OBR, other, answered)).reads[0].not_ours == 1


def test_the_range_and_its_unit_are_shown_as_written(tmp_path: Path) -> None:
    for between, said in (("200-900", "200-900"), ("200-900 pg/mL", "200-900 pg/mL"), ("<5", "<5")):
        found = reading(tmp_path, oru(PID, OBR, B12.replace("200-900", between)))
        assert [one.reference_text for _, _, one in found.results] == [said]


def test_nothing_of_a_patient_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = "OBX|1|ST|2132-9^\\Xzz\\SECRET\\Cxx\\\\\\^LN||SECRET\\Q\\||||||F"
    reading(tmp_path, oru(PID.replace("DOE", "\\Xzz\\SECRET"), OBR, odd, "\\SECRET"))
    assert "SECRET" not in caplog.text
    assert "SECRET" not in "".join(capfd.readouterr())


def test_a_file_is_known_by_its_first_bytes() -> None:
    for head in (b"MSH|^~\\&|", b"\x0bMSH|^~\\&", b"\xef\xbb\xbfFHS|^", b"\r\nBHS|^~\\&"):
        assert recognise(Path("x"), head)
    for head in (b"", b"MSH", b"MSHAND,1", b"{}", b"patient,MSH|"):
        assert not recognise(Path("x"), head)


def test_a_piece_counts_its_own_lines(tmp_path: Path) -> None:
    given = source(tmp_path, oru(PID, OBR, B12) * 3)
    read = Read()
    list(given.rows(Span(), read))
    assert (read.rows, read.lines) == (6, 12)


REFUSED_IN_SAMPLES = {
    ("cdc-obx-OBX-to-Observation", "PID-3", "subject-missing"): 6,
    ("msconv-LAB-ORU-1.hl7", "MSH-11", "input-message-test"): 5,
    ("nhc-realm-realm-animal-rabies.hl7", "PID-35", "not-the-patient"): 1,
}


@pytest.mark.samples
def test_the_samples_are_read_whole(samples: Path) -> None:
    sources = [Hl7v2Source(one.name, str(one)) for one in sorted((samples / "hl7v2").iterdir())]
    found = run(sources, as_of="2014-11-01")
    counted: dict[tuple[str, str, str], int] = {}
    for file, _, path, reason in found.refused():
        name = "cdc-obx-OBX-to-Observation" if file.startswith("cdc-obx") else file
        counted[name, path, reason] = counted.get((name, path, reason), 0) + 1
    assert counted == REFUSED_IN_SAMPLES
    assert [sum(one.rows for one in found.reads), sum(one.not_ours for one in found.reads)] == [
        40,
        22,
    ]
    assert sorted({one["subject"] for one in found.tables["reports"]}) == [
        "Patient/36363636-2.16.840.1.113883.19.3.2.1",
        "Patient/555-44-4444",
    ]


@pytest.mark.samples
def test_the_panel_of_the_samples_is_read_once_it_is_no_test(tmp_path: Path, samples: Path) -> None:
    data = (samples / "hl7v2" / "msconv-LAB-ORU-1.hl7").read_bytes()
    found = run([source(tmp_path, data.replace(b"|182|T|", b"|182|P|"))], as_of="2014-11-01")
    assert [one[1:] for one in found.taken()] == [
        ("haematocrit", "40.1 %", "2014-10-06T08:30:00+07:00", 7),
        ("neutrophil_fraction", "72 %", "2014-10-06T06:27:00+07:00", 11),
    ]
    assert found.refused() == [
        ("results.hl7", 4, "OBX-3", "code-rejected"),
        ("results.hl7", 6, "Observation", "no-value"),
    ]
