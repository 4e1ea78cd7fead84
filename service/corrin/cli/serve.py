"""``corrin serve``: the HTTP service."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from corrin import __version__
from corrin.cli import USUAL, environment
from corrin.cli.trouble import ExitCode, Stopped, Trouble, of, tell, write_to

if TYPE_CHECKING:
    from corrin.api.settings import Settings


def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", "-p", help="Port to listen on; 0 takes any free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", metavar="N", help="Processes.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="ID", help="Used when a request names none.")
    ] = None,
    overlay: Annotated[
        str | None, typer.Option("--overlay", metavar="FILE", help="What the site sets for itself.")
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="URL under which clients reach it."),
    ] = None,
    auth: Annotated[
        str | None, typer.Option("--auth", metavar="none|jwt", help="Who may call.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option("--log-format", metavar="json|console", help="Form of the log.")
    ] = None,
) -> None:
    """Run the HTTP service until it is told to stop.

    Settings come from the environment (CORRIN_*), which `corrin config` lists; an option here
    comes before its variable. What is in flight when it is told to stop (SIGTERM) is answered.
    """
    found = environment.settings(
        {
            "host": host,
            "port": port,
            "workers": workers,
            "profile": profile,
            "site_file": overlay,
            "public_url": public_url,
            "auth": auth,
            "log_format": log_format,
        }
    )
    troubles = environment.unknown()
    if troubles:
        tell(troubles)
    from corrin.api import server

    try:
        bound = server.listen(found)
    except OSError as error:
        raise _not_listening(found, error) from error
    if found.port == 0:
        found = environment.settings({"port": bound.getsockname()[1]})
    gc.set_threshold(*USUAL)  # what a request leaves behind is not to stay for long
    before = signal.signal(signal.SIGTERM, _stopped)
    try:
        came_up = server.serve(found, [bound], lambda: _say(found))
    except typer.Exit:
        raise
    except OSError as error:  # that of TLS is one
        raise _no_certificate(found, error) from error
    except Exception as error:
        raise of(error) from error
    finally:
        bound.close()
        signal.signal(signal.SIGTERM, before)
    if not came_up:
        raise Stopped(
            ExitCode.FAULT,
            Trouble("The service did not come up.", do="See what it logged above."),
        )


def _stopped(number: int, frame: object) -> None:
    """Told to stop before or after serving; while it serves, the server sees to it."""
    raise typer.Exit(ExitCode.DONE)


def _say(settings: Settings) -> None:
    """One line for who started it: what runs, where, and who may call. The log goes elsewhere."""
    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    auth = "none: loopback only" if settings.auth == "none" else settings.auth
    more = f", {settings.workers} processes" if settings.workers > 1 else ""
    more += f", zone {settings.zone}" if settings.zone != "UTC" else ""
    write_to(
        sys.stderr,
        f"corrin {__version__} serves profile {settings.profile} on "
        f"{scheme}://{host}:{settings.port}, auth {auth}{more}\n",
    )


def _not_listening(settings: Settings, error: OSError) -> Stopped:
    why = error.strerror or str(error)
    return Stopped(
        ExitCode.FILE,
        Trouble(
            "The service cannot listen there.",
            f"{settings.host}, port {settings.port} (CORRIN_HOST, CORRIN_PORT)",
            f"{why}.",
            "Stop what listens there, or name another address or port (0: any free one).",
        ),
    )


def _no_certificate(settings: Settings, error: OSError) -> Stopped:
    if not settings.tls_certificate:
        return of(error)
    names = ("tls_certificate", "tls_key", "tls_client_ca")
    given = [(name, getattr(settings, name)) for name in names]
    bad = [
        f"{environment.variable(name)}: {file}"
        for name, file in given
        if file is not None and not os.access(file, os.R_OK)
    ]
    return Stopped(
        ExitCode.FILE,
        Trouble(
            "The certificate, its key or the client authorities cannot be used.",
            ", ".join(bad) or ", ".join(environment.variable(name) for name, file in given if file),
            error.strerror or str(error),
            "Name PEM files this process can read, the key belonging to the certificate.",
        ),
    )
