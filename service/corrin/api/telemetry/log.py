"""One line per event on standard output, ours and those of every library beneath.

Of what a library logs only its name, the place and known words are kept: a message, an argument
or a traceback may hold anything a client sent.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import orjson
import structlog

from corrin.fault import known_by

_OWN_HANDLED = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "fastapi", "starlette", "asyncio")

# What the server says of itself; holds process ids and the address it listens on, no request.
_KNOWN = re.compile(
    r"(Started|Finished|Stopping) (server|parent|reloader) process \[\d+\]"
    r"|Waiting for (application (startup|shutdown)\.|child process \[\d+\]"
    r"|connections to close\. \(CTRL\+C to force quit\)"
    r"|background tasks to complete\. \(CTRL\+C to force quit\))"
    r"|Application (startup|shutdown) (complete\.|failed\. Exiting\.)"
    r"|Uvicorn running on https?://[A-Za-z0-9.:\[\]-]+ \(Press CTRL\+C to quit\)"
    r"|Shutting down|Invalid HTTP request received\.|Unsupported upgrade request\."
    r"|Exceeded concurrency limit\.|Exception in ASGI application"
    r"|ASGI callable returned without (starting|completing) response\."
    r"|(Terminated child|Child) process \[\d+\]( died)?"
    r"|Cancel \d+ running task\(s\), timeout graceful shutdown exceeded"
    r"|Received SIG[A-Z]+, (exiting|restarting processes|increasing the number of processes"
    r"|decreasing number of processes)\.",
    re.ASCII,
)


class _Lines:
    """Writes lines to whatever standard output is now; a reader that is gone harms no request."""

    def write(self, line: bytes | str) -> None:
        data = line if isinstance(line, bytes) else line.encode("utf-8", "backslashreplace")
        try:
            stream = sys.stdout
            raw = getattr(stream, "buffer", None)
            if raw is None:
                stream.write(data.decode() + "\n")
            else:
                raw.write(data + b"\n")
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass

    debug = info = warning = error = critical = msg = write


def _safe(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop what could carry data by accident: tracebacks, exceptions, objects."""
    kept = {name: event.pop(name) for name in ("timestamp", "level", "event")}
    for name, value in event.items():
        if name in ("exc_info", "stack_info", "exception", "stack"):
            continue
        names = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        if value is None or names or isinstance(value, str | int | float):
            kept[name] = value
    return kept


def _json(_logger: object, _method: str, event: dict[str, Any]) -> bytes:
    return orjson.dumps(event, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=_kind)


def _kind(value: object) -> str:
    return type(value).__name__


def open_log(level: str = "info", form: str = "json") -> None:
    """Send every event of this process through one pipeline; calling it again changes the form.

    Args:
        level: the least that is told: ``debug``, ``info``, ``warning`` or ``error``.
        form: ``json``, or ``console`` for people.
    """
    global _LOG
    processors = _processors(form)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
    _LOG = structlog.get_logger().bind()
    _take_over_libraries(getattr(logging, level.upper()))
    _take_over_process()


def _processors(form: str) -> list[Any]:
    render: Any = _json
    if form == "console":
        render = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return [structlog.processors.add_log_level, stamp, _safe, render]


_LOG: Any = structlog.wrap_logger(
    _Lines(),
    processors=_processors("json"),
    wrapper_class=structlog.make_filtering_bound_logger("info"),
).bind()


def tell(level: str, event: str, /, **fields: Any) -> None:
    """Write one event; fields are names of ours, counts and times."""
    getattr(_LOG, level)(event, **fields)


class Libraries(logging.Handler):
    """What libraries log: where and how grave, never what about."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of one record without its message, unless the message is a known one."""
        try:
            fields = {"logger": record.name, "place": f"{record.module}, line {record.lineno}"}
            fields |= _words(record)
            error = record.exc_info[1] if record.exc_info else None
            if error is None and isinstance(record.msg, BaseException):
                error = record.msg
            if error is not None:
                fields |= _error(error)
        except Exception as failed:  # a record that cannot even be looked at
            fields = {"logger": "corrin", "kind": type(failed).__name__}
        if record.levelno < logging.WARNING and "says" not in fields:
            tell("debug", "library", **fields)
        else:
            tell(_level(record.levelno), "library", **fields)


def _words(record: logging.LogRecord) -> dict[str, str]:
    if not record.name.startswith("uvicorn") or not isinstance(record.msg, str):
        return {}
    said = record.getMessage().strip()
    return {"says": said} if _KNOWN.fullmatch(said) else {}


def _error(error: BaseException) -> dict[str, str]:
    found = known_by(error)
    fields = {"kind": found.kind, "fault": found.number, "fault_place": found.place}
    if isinstance(error, OSError) and error.errno is not None:
        fields["says"] = os.strerror(error.errno)
    return fields


def _level(number: int) -> str:
    for name, least in (("error", 40), ("warning", 30), ("info", 20)):
        if number >= least:
            return name
    return "debug"


def _take_over_libraries(level: int) -> None:
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler or isinstance(handler, Libraries):
            root.removeHandler(handler)
    root.addHandler(Libraries())
    root.setLevel(level)
    for name in _OWN_HANDLED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    access = logging.getLogger("uvicorn.access")  # it would write paths and queries
    access.handlers.clear()
    access.propagate, access.disabled = False, True
    warnings.showwarning = _warned


def _take_over_process() -> None:
    """What would be written on standard error with a traceback, unless somebody else took it."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _escaped
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda args: _fallen("thread-fault", args.exc_value)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = lambda args: _fallen("unraisable-fault", args.exc_value)


def _escaped(kind: type[BaseException], error: BaseException, trace: object) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _fallen("process-fault", error)


def _fallen(event: str, error: BaseException | None) -> None:
    tell("error", event, **({} if error is None else _error(error)))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    place = f"{Path(filename).name}, line {lineno}"
    tell("warning", "library", logger="py.warnings", place=place, kind=category.__name__)
