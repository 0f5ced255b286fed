"""``misstep serve``: run the service over HTTP."""

from __future__ import annotations

from typing import Any

import click

from misstep.cli.group import NumberRange, cli, rules_option
from misstep.errors import InstallationError


@cli.command()
@rules_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on. The default is local only.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0: any free port.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Number of worker processes.")
@click.option("--reload", is_flag=True, help="Watch the packs, and reload them when they change.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Allowed host name of requests, or *; may be repeated. Default on a loopback address: its own names.",
)
@click.option("--access-log/--no-access-log", default=True, show_default=True, help="Log every request.")
@click.option(
    "--telemetry",
    is_flag=True,
    help="Send traces of requests by OpenTelemetry, as the variables OTEL_... of the environment say.",
)
@click.option(
    "--queue",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Maximum number of waiting requests in a worker; more are answered with 503.",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Maximum number of open connections of a worker.",
)
@click.option(
    "--request-seconds",
    type=NumberRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Timeout of a request; in a batch, the longest time without progress.",
)
@click.option("--body-bytes", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Maximum size of a record.")
@click.option(
    "--facts", type=click.IntRange(min=1), default=1_000, show_default=True, help="Maximum number of facts in a record."
)
def serve(**settings: Any) -> None:
    """Serve assessments over HTTP until stopped.

    Needs the extra misstep[serve]. The log is JSON, on standard error. SIGHUP reloads the packs; if they have errors, these are
    logged and the old rules stay in force.

    \b
    misstep serve
    misstep serve --rules my-rules/ --reload --port 8080 --workers 2
    """
    try:
        from misstep.service.config import Settings
        from misstep.service.server import serve as run
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise InstallationError(f"{package} is not installed: pip install 'misstep[serve]'") from None
    run(Settings(**settings))
