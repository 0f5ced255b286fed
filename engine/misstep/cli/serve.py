"""``misstep serve``: the service over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import OK, cli, rules_option
from misstep.errors import InstallationError


@cli.command()
@rules_option
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. Only this machine can reach the default."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that share the address.")
@click.option("--reload", is_flag=True, help="Watch the packs, and serve what they say as soon as it is right.")
@click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="NAME",
              help="Host that requests may be for, or *; may be repeated. Else on a loopback address its own names.")  # fmt: skip
@click.option("--access-log/--no-access-log", default=True, show_default=True, help="A line of the log for every request.")
@click.option("--queue", type=click.IntRange(min=1), default=500, show_default=True,
              help="Requests that may wait in a worker; to others it says 503.")  # fmt: skip
@click.option("--connections", type=click.IntRange(min=1), default=1000, show_default=True, help="Open connections of a worker.")
@click.option("--request-seconds", type=click.FloatRange(min=0.1), default=10.0, show_default=True,
              help="Time for the whole of a request; in a batch, for any part of it.")  # fmt: skip
@click.option("--body-bytes", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="Size of a record.")
@click.option("--facts", type=click.IntRange(min=1), default=1_000, show_default=True, help="Facts of a record.")
def serve(
    rules: tuple[Path, ...],
    host: str,
    port: int,
    workers: int,
    reload: bool,
    allowed_hosts: tuple[str, ...],
    access_log: bool,
    queue: int,
    connections: int,
    request_seconds: float,
    body_bytes: int,
    facts: int,
) -> int:
    """Serve assessments over HTTP, until stopped.

    Needs the extra misstep[serve]. The log is JSON, on standard error. SIGHUP has the packs read again; what is wrong with
    them is logged then, and the rules stay as they were.

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
    run(
        Settings(
            rules=rules,
            host=host,
            port=port,
            workers=workers,
            reload=reload,
            allowed_hosts=allowed_hosts,
            access_log=access_log,
            queue=queue,
            connections=connections,
            request_seconds=request_seconds,
            body_bytes=body_bytes,
            facts=facts,
        )
    )
    return OK
