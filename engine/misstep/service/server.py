"""Settings in; the service running out, in one process or several, until a signal ends it."""

from __future__ import annotations

import logging
import logging.config
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn.supervisors import Multiprocess

from misstep.errors import MisstepError
from misstep.service.config import Settings
from misstep.service.logs import LOG_CONFIG, log_event
from misstep.service.metrics import FOLDER, Metrics
from misstep.service.page_routes import page_routes
from misstep.service.protocol import LimitedProtocol, Wire
from misstep.service.reload import RuleReloader
from misstep.service.routes import create_app
from misstep.service.served import ServedRules, load_served

BACKLOG = 2_048


Load = Callable[[Settings], ServedRules]


def serve(settings: Settings, load: Load = load_served) -> None:
    """Run the service until SIGINT or SIGTERM. Raises what ``load`` does, and OSError where the address is taken."""
    _ignore_hangups()
    served = load(settings)  # what is wrong with the rules is said before anything is open
    listener = _listen(settings)
    if settings.workers == 1:
        Server(ServiceConfig(settings, load, served)).run([listener])
        return
    with tempfile.TemporaryDirectory(prefix="misstep-metrics-") as folder:
        os.environ[FOLDER] = folder  # for the workers; this process measures nothing
        Workers(ServiceConfig(settings, load), [listener]).run()


class ServiceConfig(Config):
    """uvicorn's configuration; what is served is made in the process that serves it."""

    def __init__(self, settings: Settings, load: Load, first: ServedRules | None = None) -> None:
        super().__init__(
            "misstep.service",
            host=settings.host,
            port=settings.port,
            http=LimitedProtocol,
            ws="none",
            interface="asgi3",
            log_config=LOG_CONFIG,
            access_log=False,  # middleware.py writes it, without addresses
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            workers=settings.workers,
        )
        self.settings = settings
        self.load_rules = load
        self.first = first

    def load_app(self) -> Any:
        """The application, with rules and figures of its own."""
        _ignore_hangups()
        try:
            rules = RuleReloader(partial(self.load_rules, self.settings), self.first)
        except MisstepError as error:  # packs that were right when the service began
            log_event("worker cannot start", logging.ERROR, problems=str(error).splitlines())
            sys.exit(1)  # another one is started
        metrics = Metrics()
        self.wire = Wire(self.settings, metrics)
        return create_app(rules, self.settings, metrics, page_routes(rules, self.settings))


class Workers(Multiprocess):
    """uvicorn's supervisor, but SIGHUP is for the rules: every worker is told."""

    def handle_hup(self) -> None:
        """Have every worker read its rules again."""
        for process in self.processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGHUP)

    def keep_subprocess_alive(self) -> None:
        """Start anew what has died; what it counted as being there is there no more."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]


def _ignore_hangups() -> None:
    """While rules are read that are new anyway; from then on reload.py listens."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), f"{settings.host}:{settings.port}") from None
    listener.set_inheritable(True)
    host, port = listener.getsockname()[:2]
    logging.config.dictConfig(LOG_CONFIG)
    log_event("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    return listener
