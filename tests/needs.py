"""What tests need that not every machine has: how it is found, and the command that brings it.

A test says so with ``@pytest.mark.needs("curl")``, a fixture with ``require("curl")``. Where it is missing, the test is left out
for that reason, and the last lines of the run say how many were. With ``MISSTEP_TEST_ALL=1`` the test fails, for that reason.
``python -m tests.needs`` prints the commands that bring what is missing here. What takes minutes needs ``time``: whoever sets
MISSTEP_TEST_ALL=1 has it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from misstep.evaluate.durable.missing import COMPILER

ALL = "MISSTEP_TEST_ALL"
NGINX = "/usr/sbin/nginx"  # not on the path of all users
NODE_MODULES = Path(sys.prefix) / "share" / "npm" / "node_modules"
YAML_SERVER = NODE_MODULES.parent.with_name("npm-editor") / "node_modules"  # npm would take away what else is in a folder
_remarks = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Need:
    """Something that a test needs. ``found`` looks for it; ``command`` brings it to Debian."""

    title: str
    found: Callable[[], bool]
    command: str

    @property
    def reason(self) -> str:
        """Why a test is left out."""
        return f"needs {self.title}: {self.command}"


def find_chromium() -> str | None:
    """The browser, as it is called on one system or the other."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def find_postgresql() -> Path | None:
    """The folder of the server's programs, which Debian does not put on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else versions[-1].parent if versions else None


def _packages(*names: str) -> bool:
    return all(find_spec(name) for name in names)


def _locked(group: str) -> str:
    """The command that installs a group, in the versions of its lock."""
    return f".venv/bin/pip install --require-hashes -r locks/{group}.txt"


def _programs(*names: str) -> bool:
    return all(map(shutil.which, names))


NEEDS = {
    "chromium": Need("Chromium", lambda: bool(find_chromium()), "apt-get install chromium fonts-liberation"),
    "core": Need(
        "misstep-core, which is built by cargo",
        lambda: _packages("misstep_core"),
        'PATH="$PATH:$HOME/.cargo/bin" .venv/bin/pip install ./engine/core',
    ),
    "cc": Need("a C compiler", lambda: _programs("cc"), "apt-get install gcc libc6-dev"),
    "curl": Need("curl", lambda: _programs("curl"), "apt-get install curl"),
    "durable": Need(
        "durable-rules, which is built by a C compiler",
        lambda: _packages("durable_rules_engine"),
        f"{COMPILER} && {_locked('native')}",
    ),
    "namespaces": Need("network namespaces", lambda: _programs("ip"), "apt-get install iproute2"),
    "python_client": Need("openapi-python-client", lambda: _packages("openapi_python_client"), _locked("generators")),
    "time": Need("minutes, for clusters and killed processes", lambda: all_wanted(), f"export {ALL}=1"),
    "typescript_client": Need(
        "openapi-typescript, with Node",
        lambda: _programs("node") and (NODE_MODULES / ".bin" / "openapi-typescript").exists(),
        f"{{ command -v npm >/dev/null || apt-get install nodejs npm; }} && npm install --no-save --prefix {NODE_MODULES.parent} "
        "openapi-typescript@7 openapi-fetch@0.17 typescript@5",
    ),
    "nginx": Need("nginx", lambda: _programs("nginx") or Path(NGINX).exists(), "apt-get install nginx-light"),
    "postgresql": Need("PostgreSQL", lambda: bool(find_postgresql()), "apt-get install postgresql"),
    "ray": Need("Ray", lambda: _packages("ray"), _locked("engines")),
    "spark": Need(
        "Spark and Java",
        lambda: _packages("pyspark") and _programs("java"),
        f"apt-get install default-jre-headless && {_locked('engines')}",
    ),
    "yaml_server": Need(
        "yaml-language-server, with Node",
        lambda: _programs("node") and (YAML_SERVER / ".bin" / "yaml-language-server").exists(),
        f"{{ command -v npm >/dev/null || apt-get install nodejs npm; }} && npm install --no-save --prefix {YAML_SERVER.parent} "
        "yaml-language-server@1",
    ),
    "wrk": Need("wrk", lambda: _programs("wrk"), "apt-get install wrk"),
}


@cache
def found(name: str) -> bool:
    """Whether it is on this machine."""
    return NEEDS[name].found()


def all_wanted() -> bool:
    """Whether nothing may be left out."""
    return os.environ.get(ALL, "") not in ("", "0")


def require(name: str, part: str = "") -> None:
    """Leave out the test that runs, or fail it, where something is missing; ``part``: what of the test has not been run then."""
    if not found(name):
        _leave_out(NEEDS[name].reason + f" ({part})" * bool(part))


def _leave_out(reason: str) -> NoReturn:
    if all_wanted():
        pytest.fail(f"{reason}; {ALL} is set, so nothing is left out", pytrace=False)
    pytest.skip(reason)


def remark(config: pytest.Config, text: str) -> None:
    """Something to say at the end of the run, once."""
    remarks = config.stash.setdefault(_remarks, [])
    if text not in remarks:
        remarks.append(text)
    if hasattr(config, "workeroutput"):  # of pytest-xdist: what a worker hands over when it ends
        config.workeroutput["remarks"] = remarks


def report(reasons: Iterable[str]) -> list[str]:
    """The reasons for which tests were left out in; how many were for want of what, line by line, out."""
    counts = dict.fromkeys(NEEDS.values(), 0)
    for reason in reasons:
        for need in counts:
            counts[need] += need.reason in reason
    lines = [f"{count:6}  {need.reason}" for need, count in counts.items() if count]
    total = sum(counts.values())
    return [f"{total} left out for want of what {'it needs' if total == 1 else 'they need'}", *lines] if total else ["0 left out"]


# -- hooks


def register(config: pytest.Config) -> None:
    """Put the hooks of this file to work, once, whichever folders of tests are run."""
    module = sys.modules[__name__]
    if not config.pluginmanager.is_registered(module):
        config.pluginmanager.register(module)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            require(name)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the remarks of a worker over."""
    for text in getattr(node, "workeroutput", {}).get("remarks", ()):
        remark(node.config, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    for line in report(test.longrepr[2] for test in skipped if isinstance(test.longrepr, tuple)):
        terminalreporter.write_line(line)
    for line in config.stash.get(_remarks, []):
        terminalreporter.write_line(line)


if __name__ == "__main__":
    for command in dict.fromkeys(need.command for need in NEEDS.values() if not need.found()):
        print(command)
