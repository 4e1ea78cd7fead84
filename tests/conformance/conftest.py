"""One app for the tests that judge what it emits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from corrin.api import Settings, create_app
from corrin.api.interpreter import open_interpreter
from support.judged import BASE


@pytest.fixture(scope="session")
def served_app() -> Iterator[TestClient]:
    """A client of the app; every canonical URL begins with ``BASE``."""
    app = create_app(Settings(public_url=BASE), open_interpreter(Settings()))
    with TestClient(app, base_url="http://127.0.0.1:8000") as found:
        yield found
