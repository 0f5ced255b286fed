"""misstep asks nothing of a network: what it does is done where there is none but the loopback of the machine itself.

Each part runs in a network namespace, so that no code can reach anything. What fails in silence is heard too: in every process a
hook writes down whoever asks for a name or an address that is not of this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "tests" / "smoke.py"
pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.needs("namespaces")]

ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
HOOK = """
import os, sys

def listen(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        address = args[0]
    else:
        return
    host = str(address[0] if isinstance(address, tuple) else address)
    if host.startswith("/") or "127.0.0.1" in host or host in ("localhost", "::1", "None"):
        return
    with open(os.environ["ASKED"], "a") as asked:
        asked.write(f"{event} {host}\\n")

sys.addaudithook(listen)
"""
IMPORT_ALL = """
import importlib, pkgutil, misstep
names = [found.name for found in pkgutil.walk_packages(misstep.__path__, "misstep.") if not found.name.endswith("__main__")]
assert len(names) > 100
for name in names:
    importlib.import_module(name)
"""


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A file with what was asked of a network, and the environment of processes that write into it."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a network namespace")
    folder = tmp_path_factory.mktemp("hook")
    (folder / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    asked = folder / "asked"
    paths = os.pathsep.join([str(folder), str(ROOT / "engine")])
    return asked, os.environ | {"PYTHONPATH": paths, "ASKED": str(asked), "MISSTEP_CACHE": str(folder / "cache")}


def run_alone(hooked: tuple[Path, dict[str, str]], folder: Path, *words: str) -> str:
    """Run Python without a network; what it asked of one."""
    asked, env = hooked
    asked.write_text("", encoding="utf-8")
    done = subprocess.run(
        [*ALONE, sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return asked.read_text(encoding="utf-8")


@pytest.mark.parametrize("part", ["-", "polars", "docs", "serve"])
def test_it_works_and_asks_nothing(part: str, hooked: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """The library and its commands; a log scored; pages of the rules; the service, which answers on the loopback."""
    assert run_alone(hooked, tmp_path, str(SMOKE), "works", part) == ""


def test_no_module_asks_when_it_is_imported(hooked: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    assert run_alone(hooked, tmp_path, "-c", IMPORT_ALL) == ""


def test_whoever_asks_is_heard(hooked: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    ask = "import contextlib, socket\nwith contextlib.suppress(OSError):\n    socket.create_connection(('192.0.2.1', 80))"
    assert "socket.getaddrinfo 192.0.2.1\n" in run_alone(hooked, tmp_path, "-c", ask)
