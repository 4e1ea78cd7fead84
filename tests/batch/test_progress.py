"""What a run tells of itself while it goes on."""

from __future__ import annotations

import io

from corrin.batch.progress import Lines, Quiet, Timed, clock_time


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_tell_the_amount_the_pace_and_what_is_left() -> None:
    clock, stream = Clock(), io.StringIO()
    lines = Lines(stream, clock)
    lines.phase("reading", 1_200_000_000, "bytes")
    clock.now += 5
    lines.more(300_000_000, 1_000_000)
    assert stream.getvalue() == ""  # not every job is worth a line
    clock.now += 5
    lines.more(0, 200_000)
    assert stream.getvalue() == (
        "corrin: reading: 300.0 of 1,200.0 MB, 1,200,000 rows, 30 MB/s, 0:30 left\n"
    )


def test_a_phase_ends_with_a_line_and_the_next_begins_afresh() -> None:
    clock, stream = Clock(), io.StringIO()
    lines = Lines(stream, clock)
    lines.phase("reading", 10, "bytes")
    clock.now += 2
    lines.more(10, 4)
    lines.phase("judging", 3, "partitions")
    clock.now += 3700
    lines.more(2)
    lines.close()
    lines.close()
    told = stream.getvalue().splitlines()
    assert told[0] == "corrin: reading: 0.0 of 0.0 MB, 4 rows, 0 MB/s, 0:02"
    assert told[1] == "corrin: judging: 2 of 3 partitions, 30:50 left"
    assert told[2:] == ["corrin: judging: 2 of 3 partitions, 30:50 left"]


def test_the_end_of_a_phase_is_told_once() -> None:
    clock, stream = Clock(), io.StringIO()
    lines = Lines(stream, clock)
    lines.phase("judging", 2, "partitions")
    for _ in range(2):
        clock.now += 11
        lines.more(1)
    lines.close()
    assert stream.getvalue().splitlines() == [
        "corrin: judging: 1 of 2 partitions, 0:11 left",
        "corrin: judging: 2 of 2 partitions, 0:22",
    ]


def test_what_is_timed_is_passed_on() -> None:
    clock, stream = Clock(), io.StringIO()
    with Timed(Lines(stream, clock), clock) as timed:
        timed.phase("reading", 4, "things")
        clock.now += 2
        timed.more(4)
        timed.phase("judging", 1, "things")
        clock.now += 3
        timed.more(1)
    assert timed.seconds == {"reading": 2.0, "judging": 3.0}
    assert "reading: 4 of 4 things" in stream.getvalue()
    with Timed(Quiet(), clock) as timed:
        timed.phase("reading", 1, "bytes")
        timed.more(1, 1)
    assert timed.seconds == {"reading": 0.0}


def test_times_are_told_as_a_clock_does() -> None:
    told = [clock_time(seconds) for seconds in (0.4, 59.6, 61, 3599.6, 7325)]
    assert told == ["0:00", "1:00", "1:01", "1:00:00", "2:02:05"]
