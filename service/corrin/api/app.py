"""The app factory: doors, and what stands around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError, __version__
from corrin.api import (
    auth,
    catalogue,
    clinician,
    comparison,
    conformance,
    error,
    health,
    hooks,
    lines,
    openapi,
    operation,
    problem,
)
from corrin.api.guard import Guard, Turn
from corrin.api.guard.compress import Compress
from corrin.api.headers import SecurityHeaders, cors
from corrin.api.interpreter import Interpreter, open_interpreter
from corrin.api.problem import Problem
from corrin.api.readiness import Readiness
from corrin.api.settings import Settings
from corrin.api.telemetry import tracing
from corrin.api.telemetry.log import open_log
from corrin.api.telemetry.metrics import Metrics
from corrin.api.telemetry.watch import Telemetry
from corrin.api.warm import warm
from corrin.intake import IntakeError

SUMMARY = (
    "Reads laboratory results and returns decision-support notes for a clinician to review. "
    "Never a diagnosis, never an order. Stores nothing."
)


def create_app(settings: Settings | None = None, interpreter: Interpreter | None = None) -> FastAPI:
    """The service, ready to serve; rules are compiled here, so a wrong setting fails at start.

    Args:
        settings: else read from the environment.
        interpreter: else opened as the settings say.

    Raises:
        corrin.UsageError: a profile, pack or version is not there.
        corrin.packs.finding.ContentProblem: the rules or the site file cannot be used.
    """
    settings = settings or Settings()
    open_log(settings.log_level, settings.log_format)
    app = FastAPI(
        title="Corrin",
        summary=SUMMARY,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=tracing.OFF,
        lifespan=_life,
    )
    app.state.settings = settings
    app.state.interpreter = interpreter or open_interpreter(settings)
    app.state.metrics = Metrics(app.state.interpreter, reasons=hooks.reasons())
    app.state.readiness = Readiness(app.state.interpreter)
    _doors(app)
    _around(app, settings)
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(IntakeError, _told)
    app.add_exception_handler(UsageError, _told)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _told)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """What a process does before its first request."""
    await warm(app)
    yield


def _doors(app: FastAPI) -> None:
    """Mount every door: one ``app.include_router`` each."""
    app.include_router(health.router)
    if app.state.settings.metrics:
        app.include_router(health.scrape)
    app.include_router(catalogue.router)
    app.include_router(comparison.router)
    app.include_router(clinician.router)
    app.include_router(lines.router)
    app.include_router(operation.router)
    app.include_router(conformance.router)
    app.include_router(hooks.router)
    if app.state.settings.page:  # goes before what else stands at /
        from corrin.api import page

        app.include_router(page.router)
    app.include_router(openapi.landing)
    if app.state.settings.docs:
        app.include_router(openapi.router)
    openapi.describe(app)


def _around(app: FastAPI, settings: Settings) -> None:
    """What every request passes, innermost first: one ``app.add_middleware`` each."""
    app.add_middleware(Guard, settings=settings, threads=app.state.interpreter.threads)
    # Before the guard, which holds bodies: none is held of whom is not let in.
    app.add_middleware(auth.Authenticate, gate=auth.open_gate(settings))
    app.add_middleware(Turn, seconds=settings.wait_seconds)
    app.add_middleware(Compress)
    if settings.allowed_origins:
        app.add_middleware(CORSMiddleware, **cors(settings))
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(Telemetry, metrics=app.state.metrics)


def _told(request: Request, fault: Exception) -> Response:
    return problem.response(
        error.as_problem(fault), request.url.path, request.headers.get("accept", "")
    )
