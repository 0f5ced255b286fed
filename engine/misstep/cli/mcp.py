"""``misstep mcp``: a server for assistants."""

from __future__ import annotations

from pathlib import Path

from misstep.cli.group import cli, rules_option
from misstep.errors import InstallationError


@cli.command()
@rules_option
def mcp(rules: tuple[Path, ...]) -> None:
    """Serve an assistant by the Model Context Protocol, on standard input and output.

    Needs the extra misstep[mcp]. The tools are assess, explain, kinds, rule, check and test.

    \b
    misstep mcp
    misstep mcp --rules my-rules/
    """
    try:
        from misstep.service.assistants import make_server, serve
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise InstallationError(f"{package} is not installed: pip install 'misstep[mcp]'") from None
    serve(make_server(rules))
