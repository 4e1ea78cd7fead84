"""The server: uvicorn as the settings say, its connections watched, its end a gentle one."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import parent_process
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import multiprocess

from corrin.api.connection import MOST_HEAD_BYTES, ConnectionState, protocol

if TYPE_CHECKING:
    from fastapi import FastAPI

    from corrin.api.settings import Settings

FACTORY = "corrin.api:create_app"

_BACKLOG = 2048
_START_SECONDS = 120  # for a process to compile the rules, on a machine that is busy
_HEALTH_SECONDS = 30  # a worker that says nothing for so long is replaced
_LAST_CALL_SECONDS = 0.5  # for requests already on their way when the service is told to stop


def listen(settings: Settings) -> socket.socket:
    """A socket bound where the settings say; nobody is let in before the server runs.

    Raises:
        OSError: the address is taken, is not this machine's, or may not be used.
    """
    found = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, number, _, address = found[0]
    bound = socket.socket(family, kind, number)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.set_inheritable(True)
    except OSError:
        bound.close()
        raise
    return bound


def configuration(settings: Settings, app: FastAPI | None = None) -> uvicorn.Config:
    """What uvicorn is told. Without an app each process makes its own from the environment."""
    return uvicorn.Config(
        app or FACTORY,
        factory=app is None,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="asyncio",  # uvloop answers as many, and lets some wait for seconds where all are busy
        http=protocol(),
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=_BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_worker_healthcheck=_HEALTH_SECONDS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_ca_certs=None if settings.tls_client_ca is None else str(settings.tls_client_ca),
        ssl_cert_reqs=ssl.CERT_NONE if settings.tls_client_ca is None else ssl.CERT_REQUIRED,
    )


class Server(uvicorn.Server):
    """One process of the service.

    Looks after its connections once a second, and when told to stop answers what is already on
    its way before it closes them.
    """

    def __init__(
        self, config: uvicorn.Config, settings: Settings, ready: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self.server_state = self.watched = ConnectionState(
            head_seconds=settings.header_seconds,
            stall_seconds=settings.request_seconds,
            most=settings.connections,
        )
        self._ready = ready
        parent = parent_process()  # as it was when this one was begun, gone since or not
        self._parent = parent.pid if parent is not None and config.workers > 1 else None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; what lives as long as the process is then left out of every collection."""
        allow_files(self.watched.most)
        if self.config.ssl is not None:
            # uvicorn hands no timeout on, and that of the library is a minute; until then such a
            # connection is nowhere counted.
            loop = asyncio.get_running_loop()
            listen = partial(loop.create_server, ssl_handshake_timeout=self.watched.head_seconds)
            loop.create_server = listen  # type: ignore[method-assign]
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        if self._ready is not None:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: close connections that wait too long, end with the parent."""
        if counter % 10 == 0:
            self.watched.sweep(asyncio.get_running_loop().time())
            if self._parent is not None and os.getppid() != self._parent:
                self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody new in, answer what has been sent, then close what is idle."""
        for server in self.servers:
            server.close()
        self.watched.draining = True
        if not self.force_exit and self.watched.connections:
            await asyncio.sleep(_LAST_CALL_SECONDS)
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """One of several processes, which reads the settings from the environment for itself."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Make the server before a thread begins to answer whether it has started: of two made at
        once that thread could ask the other for ever."""
        _ = self.server
        super().target(sockets)

    @property
    def server(self) -> uvicorn.Server:
        """The server of this process."""
        if self._server is None:
            from corrin.api.settings import Settings

            self._server = Server(self.config, Settings())
        return self._server


class Supervisor(multiprocess.Multiprocess):
    """Several processes behind one socket; one that dies is replaced.

    ``came_up`` tells whether all of them ever answered.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        ready: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config, sockets)
        multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no other place to say it
        self._ready = ready
        self.came_up = False

    def init_processes(self) -> None:
        """Start them, and say so when all answer."""
        super().init_processes()
        self.came_up = all(
            one.wait_until_ready(_START_SECONDS, self.should_exit) for one in self.processes
        )
        if self.came_up and self._ready is not None:
            self._ready()


def allow_files(connections: int) -> None:
    """Raise this process's own limit of open files to what the connections need, where it may."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 256
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(
        resource.RLIMIT_NOFILE,
        (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard),
    )


def serve(
    settings: Settings, bound: Sequence[socket.socket], ready: Callable[[], None] | None = None
) -> bool:
    """Serve until told to stop; whether the service ever came up.

    Args:
        bound: as :func:`listen` gives them.
        ready: called once the service answers.

    Raises:
        OSError: a certificate or key cannot be read.
        ssl.SSLError: they cannot be used.
        corrin.UsageError: a profile, pack or version is not there.
        corrin.packs.finding.ContentProblem: the rules or the site file cannot be used.
    """
    from corrin.api.app import create_app
    from corrin.api.auth import open_gate
    from corrin.api.interpreter import open_interpreter
    from corrin.api.telemetry.log import open_log
    from corrin.api.telemetry.metrics import begin_sharing

    open_log(settings.log_level, settings.log_format)
    begin_sharing()
    if settings.workers > 1:
        open_gate(settings)  # what is wrong is found once, before there are processes
        open_interpreter(settings)
        supervisor = Supervisor(configuration(settings), list(bound), ready)
        supervisor.run()
        return supervisor.came_up
    config = configuration(settings, create_app(settings))
    config.load()
    server = Server(config, settings, ready)
    server.run(list(bound))
    return server.started
