"""Eight threads in one process answer as one does: nothing of one person reaches another."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from golden.cases import Case, every_case
from support import places

THREADS = 8


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that take turns a hundred times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.soak), 5])
def test_eight_threads_give_the_bytes_of_one(share: int) -> None:
    """Every fifth example, each thread in an order of its own; for long, every one of them."""
    cases = every_case()[::share]
    alone = {case.name: case.answer_bytes() for case in cases}
    assert len(set(alone.values())) > len(cases) // 2, "cases that all answer alike show nothing"
    start = Barrier(THREADS)

    def answer_all(number: int) -> list[str]:
        mine: list[Case] = cases * 2
        random.Random(number).shuffle(mine)
        start.wait()
        return [case.name for case in mine if case.answer_bytes() != alone[case.name]]

    with ThreadPoolExecutor(THREADS) as pool:
        different = [name for names in pool.map(answer_all, range(THREADS)) for name in names]
    assert different == []


def test_the_first_calls_of_a_process_may_come_together() -> None:
    """What is loaded once per process is loaded right when eight ask for it at once."""
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
sys.setswitchinterval(5e-5)
from corrin import interpret
data, start = open(sys.argv[1], "rb").read(), Barrier(8)
def ask(_number):
    start.wait()
    return interpret(data, as_of="2026-11-01").to_json()
with ThreadPoolExecutor(8) as pool:
    print(len(set(pool.map(ask, range(8)))))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(places.CASES / "demo" / "request.json")],
        cwd=places.SERVICE,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.stdout.strip(), ran.returncode) == ("1", 0), ran.stderr
