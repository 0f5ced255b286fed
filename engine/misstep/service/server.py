"""Run the service in one process or several, until a signal ends it."""

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

from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn.supervisors import Multiprocess

from misstep.errors import MisstepError, UsageError, printable
from misstep.service.config import Settings
from misstep.service.logs import LOG_CONFIG, log_event
from misstep.service.metrics import FOLDER, Metrics
from misstep.service.page_routes import page_routes
from misstep.service.protocol import ConnectionLimits, LimitedProtocol
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, ServedRules, load_served
from misstep.service.tracing import require_telemetry

BACKLOG = 2_048
Load = Callable[[Settings], ServedRules]


def serve(settings: Settings, load: Load = load_served) -> None:
    """Run the service until SIGINT or SIGTERM. Raises the errors of ``load``, and OSError if the address is in use."""
    _ignore_hangups()
    if settings.telemetry:
        require_telemetry()
    served = load(settings)  # errors in the rules are reported before the port is open
    listener = _listen(settings)
    if settings.workers == 1:
        Server(ServiceConfig(settings, load, served)).run([listener])
        return
    with tempfile.TemporaryDirectory(prefix="misstep-metrics-") as folder:
        os.environ[FOLDER] = folder  # for the workers; this process has no metrics
        WorkerSupervisor(ServiceConfig(settings, load), [listener]).run()


class ServiceConfig(Config):
    """uvicorn's configuration; each worker process loads the application itself."""

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

    def load_app(self) -> ASGIApp:
        """The application, with its own rules and metrics."""
        _ignore_hangups()
        try:
            rules = RuleReloader(partial(self.load_rules, self.settings), self.first)
        except MisstepError as error:  # the packs have changed since the service started
            log_event("worker cannot start", logging.ERROR, problems=str(error).splitlines())
            sys.exit(1)  # the supervisor starts another worker
        metrics = Metrics()
        self.shared = ConnectionLimits(self.settings, metrics)
        return create_app(rules, self.settings, metrics, page_routes(rules, self.settings))


class WorkerSupervisor(Multiprocess):
    """uvicorn's supervisor, with SIGHUP for the rules: it is passed on to every worker."""

    def handle_hup(self) -> None:
        """Make every worker reload its rules."""
        for process in self.processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGHUP)

    def keep_subprocess_alive(self) -> None:
        """Replace dead workers, and drop their part of the metrics."""
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {process.pid for process in self.processes}:
            mark_process_dead(pid, os.environ[FOLDER])  # type: ignore[no-untyped-call]


def _ignore_hangups() -> None:
    """Ignore SIGHUP while the rules are loaded; after that RuleReloader handles it."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        code = error.errno or 0  # below 0: the host was not found
        said = os.strerror(code) if code >= 0 else "the host is not found"
        raise OSError(error.errno, said, f"{settings.host}:{settings.port}") from None
    except (TypeError, UnicodeError):
        raise UsageError(f"{printable(settings.host)}: is not the name of a host") from None
    listener.set_inheritable(True)
    host, port = listener.getsockname()[:2]
    logging.config.dictConfig(LOG_CONFIG)
    log_event("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    return listener
