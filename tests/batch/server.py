"""A PostgreSQL server of the tests' own, new and empty, for as long as it is needed."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import find_postgresql, require


@contextmanager
def running_server() -> Iterator[str]:
    """The address of its database, ``postgresql://user:password@host:port/database``; its user may log in by password only.
    Leaves out the test where PostgreSQL is not installed."""
    require("postgresql")
    programs = find_postgresql()
    assert programs is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="misstep-postgresql-") as folder:
        server = _Server(programs, Path(folder), port)
        server.start()
        try:
            yield f"postgresql://reader:se%20cret@127.0.0.1:{port}/postgres"
        finally:
            server.stop()


class _Server:
    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._port = port
        self._user = None
        if os.geteuid() == 0:  # as whom the server refuses to run
            self._user = pwd.getpwnam("postgres")
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._password = folder / "password"
        self._password.write_text("se cret", encoding="utf-8")
        self._password.chmod(0o644)

    def start(self) -> None:
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "reader",
            "--pwfile",
            str(self._password),
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        options = f"-p {self._port} -h 127.0.0.1 -k '{self._data}' -F"
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", str(self._data / "log"), "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
