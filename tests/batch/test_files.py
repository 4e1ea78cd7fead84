"""Files of every packing, encoding and line length; and files that are none or break off."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from corrin.batch.sources import files
from corrin.batch.sources.source import InputError, Span
from corrin.terminology import load

TEXT = b'{"a":1}\n{"b":"\xc3\xa9"}\n\n{"c":3}'
MARK = b"\xef\xbb\xbf"
MANY = b"".join(b'{"n":%d,"x":"%s"}\n' % (at, b"y" * (at % 90)) for at in range(20_000))


def zstd(data: bytes) -> bytes:
    """One frame."""
    return zstandard.ZstdCompressor().compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstd}


def written(folder: Path, data: bytes, name: str = "a.ndjson") -> Path:
    """A file that holds the bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def lines_in(stream: io.BufferedReader, most: int, block: int) -> Iterator[bytes | None]:
    """The lines of a stream, without their ends."""
    for one in files.blocks(stream, most, block=block):
        if one is None:
            yield None
        else:
            yield from (line.removesuffix(b"\r") for line in ended(bytes(one)))


def ended(data: bytes) -> list[bytes]:
    """Whole lines without their line feeds."""
    return data.removesuffix(b"\n").split(b"\n")


def read_lines(path: Path, most: int = files.MOST_LINE, block: int = 4096) -> list[bytes | None]:
    """The lines of a file."""
    with files.open_lines(path) as stream:
        return list(lines_in(stream, most, block))


def read_blocks(path: Path, most: int, block: int) -> tuple[list[bytes | None], str]:
    """The lines of a file, and the reason why it broke off."""
    found: list[bytes | None] = []
    with files.open_lines(path) as stream:
        try:
            for line in lines_in(stream, most, block):
                found.append(line)
        except InputError as error:
            return found, error.reason
    return found, ""


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.zst", "a"])
def test_what_a_file_is_packed_with_is_told_by_its_bytes(
    tmp_path: Path, packed: str, name: str
) -> None:
    path = written(tmp_path, PACKERS[packed](TEXT), name)
    assert files.packing(path.read_bytes()[:4]) == packed
    with files.open_bytes(path) as stream:
        assert stream.read() == TEXT
    assert files.head_of(path) == TEXT
    assert read_lines(path) == TEXT.split(b"\n")
    assert files.is_plain(path) is (packed == "")


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_members_follow_one_another(tmp_path: Path, packed: str) -> None:
    pack = PACKERS[packed]
    data = pack(b"") + pack(b'{"a"') + pack(b":1}\n") + pack(MANY) + pack(b"")
    with files.open_bytes(written(tmp_path, data)) as stream:
        assert stream.read() == b'{"a":1}\n' + MANY


def test_frames_that_hold_no_data_and_padding_are_passed_over(tmp_path: Path) -> None:
    empty = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    with files.open_bytes(written(tmp_path, empty + zstd(TEXT) + empty)) as stream:
        assert stream.read() == TEXT
    padded = gzip.compress(TEXT) + b"\0" * 512
    with files.open_bytes(written(tmp_path, padded)) as stream:
        assert stream.read() == TEXT


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
@pytest.mark.parametrize("members", [1, 3])
def test_a_file_that_breaks_off_gives_what_came_before(
    tmp_path: Path, packed: str, members: int
) -> None:
    step = len(MANY) // members + 1
    data = b"".join(PACKERS[packed](MANY[at : at + step]) for at in range(0, len(MANY), step))
    whole = MANY.split(b"\n")[:-1]
    for cut in (len(data) - 1, len(data) - 9, len(data) // 2, 40):
        found, reason = read_blocks(written(tmp_path, data[:cut]), files.MOST_LINE, 4096)
        assert reason == "input-truncated"
        assert found == whole[: len(found)]
        if cut > len(data) - 10 and packed == "gzip":
            assert len(found) >= len(whole) - 1


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, packed: str) -> None:
    data = bytearray(PACKERS[packed](os.urandom(3000).hex().encode() + b"\n"))
    data[len(data) // 2] ^= 0xFF
    data += b"rubbish after it"
    path = written(tmp_path, bytes(data))
    _, reason = read_blocks(path, files.MOST_LINE, 4096)
    assert reason in ("input-corrupt", "input-truncated")
    behind = written(tmp_path, PACKERS[packed](TEXT) + b"rubbish after it")
    with files.open_lines(behind) as stream, pytest.raises(InputError) as caught:
        list(lines_in(stream, files.MOST_LINE, 4096))
    assert caught.value.reason == "input-corrupt"


def test_a_wrong_check_sum_is_noticed_after_the_data(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b'{"a":1}\n' * 9))
    data[-7] ^= 1
    path = written(tmp_path, bytes(data))
    with files.open_lines(path) as stream, pytest.raises(InputError) as caught:
        list(lines_in(stream, files.MOST_LINE, 4096))
    assert caught.value.reason == "input-corrupt"


def test_a_small_file_that_unpacks_to_much_is_read_in_bounded_memory(tmp_path: Path) -> None:
    size = 1 << 28
    packer = zlib.compressobj(1, wbits=31)
    pieces = [packer.compress(b"\0" * (1 << 20)) for _ in range(size >> 20)]
    path = written(tmp_path, b"".join(pieces) + packer.flush())
    passed, megabytes = measured(
        "from corrin.batch.sources import files\n"
        "import sys\n"
        "stream = files.open_bytes(sys.argv[1])\n",
        "passed = 0\n"
        "while piece := stream.read1(1 << 20):\n"
        "    passed += len(piece)\n"
        "print(passed, end=' ')\n",
        str(path),
    )
    assert int(passed) == size
    assert megabytes < 64


def measured(ready: str, code: str, *told: str) -> tuple[str, int]:
    """What code prints in a process of its own, and the megabytes it takes once all is ready."""
    peak = "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss"
    program = f"import resource\n{ready}before = {peak}\n{code}print(({peak} - before) // 1024)\n"
    done = subprocess.run(
        [sys.executable, "-c", program, *told], capture_output=True, text=True, check=True
    )
    said, _, megabytes = done.stdout.strip().rpartition(" ")
    return said, int(megabytes)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", PACKERS)
def test_utf_16_is_read_where_it_says_so(tmp_path: Path, encoding: str, packed: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    text = '{"a":"é😀"}\r\n{"b":"\u0a0d\u0d0a"}\n'
    path = written(tmp_path, PACKERS[packed]((mark + text).encode(encoding)))
    assert read_lines(path) == [line.encode() for line in text.replace("\r", "").split("\n")[:-1]]
    assert files.head_of(path).startswith(b'{"a":"\xc3\xa9')
    assert not files.is_plain(path)
    assert files.spans(path, 8) == (Span(),)


def test_half_a_character_in_utf_16_breaks_off_or_is_no_utf_8(tmp_path: Path) -> None:
    cut = written(tmp_path, "\ufeff{}\n{}".encode("utf-16-le") + b"\x00")
    with files.open_lines(cut) as stream, pytest.raises(InputError) as caught:
        list(lines_in(stream, files.MOST_LINE, 4096))
    assert caught.value.reason == "input-truncated"
    lone = written(tmp_path, "\ufeff".encode("utf-16-le") + b"\x00\xd8\n\x00{\x00}\x00")
    bad, good = read_lines(lone)
    assert good == b"{}"
    assert bad is not None
    with pytest.raises(UnicodeDecodeError):
        bad.decode()


def test_utf_32_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        files.open_lines(written(tmp_path, "\ufeff{}".encode("utf-32-le")))
    assert caught.value.reason == "input-encoding"


def test_marks_and_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf{}\r\n\xef\xbb\xbf[]\r\n\r\n\x00\rx\n\n{}")
    assert read_lines(path) == [MARK + b"{}", MARK + b"[]", b"", b"\x00\rx", b"", b"{}"]
    assert files.head_of(path).startswith(b"{}\r\n")
    assert read_lines(written(tmp_path, b"")) == []
    assert read_lines(written(tmp_path, b"\n")) == [b""]


@pytest.mark.parametrize("packed", PACKERS)
def test_a_line_that_is_too_long_is_told_and_the_rest_goes_on(tmp_path: Path, packed: str) -> None:
    long = b"x" * 100_000
    path = written(tmp_path, PACKERS[packed](b"a\n" + long + b"\nb\r\n" + long + b"\n" + long))
    for block in (7, 4096, 1 << 20):
        for most in (10, 99_999):
            assert read_lines(path, most, block) == [b"a", None, b"b", None, None]
        assert read_lines(path, 100_000, block) == [b"a", long, b"b", long, long]


def test_lines_of_a_hundred_megabytes_take_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.ndjson"
    with path.open("wb") as file:
        file.write(b'{"a":1}\n')
        for _ in range(150):
            file.write(b"x" * (1 << 20))
        file.write(b'\n{"b":2}\n')
    for most, lengths, megabytes in (
        (1 << 20, "[8, None, 8]", 80),
        (200 << 20, f"[8, {(150 << 20) + 9}]", 500),
    ):
        said, taken = measured(
            "from corrin.batch.sources import files\nimport sys\n",
            "with files.open_lines(sys.argv[1]) as stream:\n"
            "    blocks = files.blocks(stream, int(sys.argv[2]))\n"
            "    print([one and len(one) for one in blocks], end=' ')\n",
            str(path),
            str(most),
        )
        assert said == lengths
        assert taken < megabytes


@given(
    data=st.lists(st.sampled_from([b"{}", b"\n", b"\r\n", b"abcdefgh" * 3, b"\x00", b" "])),
    most=st.integers(1, 40),
    pieces=st.integers(1, 20),
    block=st.integers(1, 60),
)
def test_blocks_and_spans_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    data: list[bytes],
    most: int,
    pieces: int,
    block: int,
) -> None:
    path = written(tmp_path_factory.mktemp("s"), b"".join(data))
    expected = ended(path.read_bytes()) if path.stat().st_size else []
    assert read_lines(path, most, block) == [
        line.removesuffix(b"\r") if len(line) <= most else None for line in expected
    ]
    spans = files.spans(path, pieces)
    for span in spans:
        upto = None if span.end is None else span.end - span.start
        with files.open_lines(path, span) as stream:
            found = [bytes(one or b"") for one in files.blocks(stream, upto=upto, block=block)]
        assert b"".join(found) == path.read_bytes()[span.start : span.end]
        assert all(one.endswith(b"\n") for one in found[:-1])
    assert spans[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert all(path.read_bytes()[one.start - 1 : one.start] == b"\n" for one in spans[1:])


def test_spans_begin_at_lines_and_do_not_depend_on_chance(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + MANY)
    spans = files.spans(path, 100_000)
    assert spans == files.spans(path, 100_000)
    assert len(spans) > 5
    data = path.read_bytes()
    assert all(data[span.start - 1 : span.start] == b"\n" for span in spans[1:])
    assert spans[-1].end == len(data)


def test_a_file_that_got_shorter_since_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, MANY)
    last = files.spans(path, 100_000)[-1]
    path.write_bytes(MANY[:1000])
    with pytest.raises(InputError) as caught:
        files.open_lines(path, last)
    assert caught.value.reason == "input-changed"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name, reason in {
            ".": "input-not-a-file",
            "pipe": "input-not-a-file",
            "socket": "input-not-a-file",
            "round": "input-not-a-file",
            "nowhere": "input-missing",
            "missing": "input-missing",
            "nul\0": "input-missing",
        }.items():
            with pytest.raises(InputError) as caught:
                files.open_bytes(f"{tmp_path}/{name}", "shown")
            assert (caught.value.file, caught.value.reason) == ("shown", reason), name
    with pytest.raises(InputError) as caught:
        files.open_bytes("/dev/null")
    assert caught.value.reason == "input-not-a-file"


def test_what_the_system_does_not_let_us_read_is_told(tmp_path: Path) -> None:
    # Readable by nobody at its beginning, not even by the superuser.
    memory = Path("/proc/self/mem")
    if memory.exists():
        with files.open_bytes(written(tmp_path, b"x")) as stream:
            assert stream.read() == b"x"
        with pytest.raises(InputError) as caught:
            files.head_of(memory)
        assert caught.value.reason == "input-unreadable"
    if os.geteuid() != 0:
        path = written(tmp_path, b"{}", "locked")
        path.chmod(0)
        with pytest.raises(InputError) as caught:
            files.open_bytes(path)
        assert caught.value.reason == "input-unreadable"


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    path = written(tmp_path, MANY)
    with files.open_lines(path) as stream:
        lines = lines_in(stream, files.MOST_LINE, 4096)
        next(lines)
        path.unlink()
        assert sum(1 for _ in lines) == 19_999


def test_random_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    chance = random.Random(7)
    starts = [b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xef\xbb\xbf", b"P*M\x18"]
    for at in range(300):
        packed = PACKERS[("gzip", "zstd")[at % 2]](MANY[:2000])
        damaged = bytearray(packed)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for data in (starts[at % len(starts)] + chance.randbytes(200), bytes(damaged)):
            path = written(tmp_path, data)
            try:
                read_lines(path, 100)
            except InputError as error:
                assert error.reason in load().reasons


def test_streams_are_closed_with_what_they_read_from(tmp_path: Path) -> None:
    for data in (TEXT, gzip.compress(TEXT), TEXT.decode().encode("utf-16")):
        stream = files.open_lines(written(tmp_path, data))
        assert isinstance(stream, io.BufferedReader)
        stream.close()
        assert stream.closed
    if Path("/proc/self/fd").exists():
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            files.open_lines(written(tmp_path, gzip.compress(TEXT))).close()
            files.head_of(tmp_path / "a.ndjson")
        assert len(os.listdir("/proc/self/fd")) <= before + 1
