"""Run commands of misstep in children of a process that has everything imported.

To start Python and to import all of it would take most of the time of hundreds of tests. ``tests/smoke.py``, the examples of the
README, and whatever has settings that Python reads when it starts, run processes of their own.

``python -m tests.forked NAME`` serves on a socket of that name until its standard input ends. A message is JSON with
``arguments``, ``folder`` and ``environment``, and comes with the three streams of the command; the exit code goes back.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

MOST_BYTES = 200_000  # of a message; a socket takes no more at once
CLIENT = [sys.executable, "-I", "-S", str(Path(__file__).with_name("forked_client.py"))]
"""How a shell runs a command: with the name of the socket, and its arguments."""
_OF_PYTHON = ("PYTHON", "LANG", "LC_", "LD_")
_APART = ("misstep.service", "misstep.batch.cluster", "misstep.evaluate.durable")
"""What begins threads, or is not everywhere."""


class CommandDiedError(Exception):
    """A command ended without an exit code."""


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a command with such additions to its environment is the same in a fork: Python reads some when it starts."""
    return not any(name.startswith(_OF_PYTHON) for name in environment)


@functools.cache
def forking() -> str:
    """The name of the socket of the process that runs commands; it begins with the first call, and ends with this process."""
    name = f"misstep-{uuid.uuid4()}"
    command = [sys.executable, "-m", "tests.forked", name]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    begun_by = os.getpid()

    def end() -> None:
        if os.getpid() == begun_by:  # and not in a child that a test has forked
            server.communicate()

    atexit.register(end)
    return name


def address_of(name: str) -> str:
    """The address of a socket that is no file: it is gone with its process."""
    return f"\0{name}"


def run_forked(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: bytes) -> tuple[int, bytes, bytes]:
    """Run a command: its exit code, and what it wrote to standard output and standard error. ``given``: its standard input."""
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        streams[0].write(given)
        streams[0].seek(0)
        channel = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        channel.connect(address_of(forking()))
        asked = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        socket.send_fds(channel, [json.dumps(asked).encode()], [stream.fileno() for stream in streams])
        code = channel.recv(100)
        if not code:
            raise CommandDiedError(" ".join(arguments))
        for stream in streams[1:]:
            stream.seek(0)
        return int(code), streams[1].read(), streams[2].read()


def _serve(name: str) -> None:
    _import_all()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(address_of(name))
        server.listen(16)
        print("ready", flush=True)
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            channel, _ = server.accept()
            message, streams, _, _ = socket.recv_fds(channel, MOST_BYTES, 3)
            if os.fork() == 0:
                server.close()
                code = 1
                try:
                    code = _run(json.loads(message), streams)
                except BaseException:
                    traceback.print_exc()
                    sys.stderr.flush()
                channel.send(str(code).encode())
                os._exit(0)
            channel.close()
            for stream in streams:
                os.close(stream)


def _import_all() -> None:
    import misstep.cli

    for package in pkgutil.walk_packages(misstep.__path__, "misstep."):
        if not package.name.startswith(_APART) and not package.name.endswith("__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(package.name)
    for name in ("pandas", "pyarrow.dataset", "pyarrow.parquet", "rich.markdown"):  # what they import when they need it
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _run(asked: dict[str, object], streams: Sequence[int]) -> int:
    from misstep.cli import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    time.tzset()
    sys.stdin = io.TextIOWrapper(open(0, "rb"), "utf-8", "surrogateescape")  # noqa: SIM115
    sys.stdout = io.TextIOWrapper(open(1, "wb"), "utf-8", "surrogateescape")  # noqa: SIM115
    sys.stderr = io.TextIOWrapper(open(2, "wb"), "utf-8", "backslashreplace", line_buffering=True)  # noqa: SIM115
    sys.argv = ["misstep", *map(str, asked["arguments"])]  # type: ignore[call-overload]
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        return int(str(end.code))


if __name__ == "__main__":
    _serve(sys.argv[1])
