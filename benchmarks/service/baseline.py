"""The service with two more doors to hold it against; as a program it serves until told to stop.

``POST /baseline/read?bytes=N`` only reads the body, parses it with orjson and answers N bytes;
``POST /baseline/validated?bytes=N`` has ``fhir.resources`` (R4B) judge the whole of it besides.
Both are routes of the same app behind the same middlewares, and run in the same process.
"""

from __future__ import annotations

import sys

import orjson
from fastapi import FastAPI
from fhir.resources.R4B.parameters import Parameters
from starlette.requests import Request
from starlette.responses import Response

from corrin.api import Settings, create_app, server
from corrin.api.problem import FHIR_JSON


def app(settings: Settings) -> FastAPI:
    """The service and the two doors."""
    found = create_app(settings)
    answers: dict[int, bytes] = {}

    def answer(request: Request) -> Response:
        size = int(request.query_params["bytes"])
        body = answers.setdefault(size, b'"' + b" " * (size - 2) + b'"')
        return Response(body, media_type=FHIR_JSON)

    @found.post("/baseline/read")
    async def read(request: Request) -> Response:
        orjson.loads(await request.body())
        return answer(request)

    @found.post("/baseline/validated")
    async def validated(request: Request) -> Response:
        Parameters.model_validate(orjson.loads(await request.body()))
        return answer(request)

    return found


def main() -> None:
    """Serve, in one process, where the settings say."""
    settings = Settings()
    bound = server.listen(settings)
    settings = settings.model_copy(update={"port": bound.getsockname()[1]})

    def ready() -> None:
        print(f"baseline on http://{settings.host}:{settings.port}", flush=True)

    server.Server(server.configuration(settings, app(settings)), settings, ready).run([bound])


if __name__ == "__main__":
    sys.exit(main())
