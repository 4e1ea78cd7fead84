"""One service for the tests that need only the app; those of the server start a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter, open_interpreter

BASE = "https://corrin.example.org"


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The rules, compiled once for all tests of a process."""
    return open_interpreter(Settings())


@pytest.fixture(scope="session")
def client(interpreter: Interpreter) -> Iterator[TestClient]:
    """A client of the app, told its public URL; faults of the service reach the test."""
    app = create_app(Settings(public_url=BASE), interpreter)
    with TestClient(app, base_url="http://127.0.0.1:8000") as found:
        yield found
