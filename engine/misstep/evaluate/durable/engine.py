"""The engine 'durable': durable-rules finds the matches, in a worker process that may crash.

The library is written in C, and its bugs can crash a process. So it never runs in the process of the caller: each engine has one
worker process, started on first use, kept between calls, and used by one thread at a time. A worker that crashes, misses its
deadline or sends an invalid answer is an EngineError, and the next call starts a new one.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from time import monotonic

from misstep.errors import BudgetError, EngineError, InstallationError, MisstepError
from misstep.evaluate.durable.missing import missing_library
from misstep.evaluate.durable.network import check_rule_sizes
from misstep.evaluate.durable.wire import WorkerAnswer, conclude, receive, send
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.language.program import Program

SHORTEST, LONGEST = 1e-6, 1e6  # seconds that a socket can wait

# The package is entered by its folder: its own __init__ would import all of misstep.
_START = """
import sys, types
package = types.ModuleType("misstep")
package.__path__ = [sys.argv[1]]
sys.modules["misstep"] = package
from misstep.evaluate.durable.worker import main
main()
"""


class DurableEngine:
    """Runs the rules of one program. Safe from many threads, which take turns, and after a fork.

    Raises InstallationError where durable-rules is missing, EngineError where the rules are beyond what it can take.
    """

    def __init__(self, program: Program) -> None:
        if os.name != "posix":
            raise InstallationError("the engine 'durable' runs on Linux and macOS only; the engine 'python' runs everywhere")
        if missing := missing_library():
            raise InstallationError(missing)
        check_rule_sizes(program.rules.values())
        self._program = program
        self._rules = tuple(program.rules.values())
        self._lock = threading.Lock()
        self._worker = _Worker()
        weakref.finalize(self, self._worker.end)
        _engines.add(self)

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase. Raises BudgetError, EngineError, InstallationError."""
        seconds = min(max(memory.limits.engine_seconds, SHORTEST), LONGEST)
        request = pickle.dumps((phase, memory.rows, memory.work, memory.limits, seconds), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            try:
                answer = self._worker.ask(request, self._program, seconds)
                if "budget" in answer:
                    raise BudgetError(answer["budget"])
                if "failed" in answer:
                    self._worker.end()
                    raise _failure(f"failed ({answer['failed']})")
                conclude(answer, memory, self._rules)
            except MisstepError:
                raise
            except TimeoutError:
                self._worker.end()
                raise _failure(f"did not answer within {seconds:g} seconds (limit engine_seconds)") from None
            except (OSError, EOFError):
                raise _failure(f"died{self._worker.end(patience=1)}") from None
            except (ValueError, TypeError, LookupError, AttributeError):
                self._worker.end()
                raise _failure("did not give an answer that makes sense") from None
            except BaseException:  # an interrupt: the answer that is still to come must not be taken for the next one
                self._worker.end()
                raise

    def close(self) -> None:
        """End the process. A call that waits for it fails; a later one starts a new process."""
        self._worker.kill()
        with self._lock:
            self._worker.end()

    def after_fork(self) -> None:
        """Leave the process to the parent; this one starts its own when it needs it."""
        self._lock = threading.Lock()
        self._worker.forget()


_engines: weakref.WeakSet[DurableEngine] = weakref.WeakSet()


def _after_fork() -> None:
    for engine in list(_engines):
        engine.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _failure(what: str) -> EngineError:
    return EngineError(
        f"the process of the engine 'durable' {what}; the next call starts a new one, and the engine 'python' needs none"
    )


class _Worker:
    """The process, while there is one, and the socket to it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stream: socket.socket | None = None

    def ask(self, request: bytes, program: Program, seconds: float) -> WorkerAnswer:
        """Send a request, to a new process if need be; its answer.

        Raises InstallationError, TimeoutError, OSError and EOFError where the process died, ValueError.
        """
        if self._process is None or self._process.poll() is not None:
            self.end()
            answer = self._exchange(self._start(), pickle.dumps(program, pickle.HIGHEST_PROTOCOL), seconds)
            if "missing" in answer:
                self.end()
                raise InstallationError(f"the engine 'durable' cannot load durable-rules: {answer['missing']}")
        assert self._stream is not None
        return self._exchange(self._stream, request, seconds)

    def end(self, patience: float = 0) -> str:
        """End the process, if there is one. Return the signal that killed it, in words."""
        process, stream = self._process, self._stream
        self._process = self._stream = None
        code = 0
        if process is not None:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
            code = process.wait()
        if stream is not None:
            stream.close()
        return f" (signal {-code})" if code < 0 else ""

    def kill(self) -> None:
        """Let the process die, while another thread may still wait for it."""
        process = self._process
        if process is not None:
            process.kill()

    def forget(self) -> None:
        """Drop the worker process, which belongs to the parent of this process."""
        if self._stream is not None:
            self._stream.close()
        if self._process is not None:
            self._process.returncode = 0  # Popen must not wait for it
        self._process = self._stream = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._stream = ours
            self._process = subprocess.Popen(  # noqa: S603 - this Python, with code of ours
                [sys.executable, "-P", "-W", "ignore", "-c", _START, str(Path(__file__).resolve().parents[2])],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,  # the library prints at times
                stderr=subprocess.DEVNULL,  # nothing of the facts must get there
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                process_group=0,  # an interrupt from the terminal is for the caller
            )
        return ours

    def _exchange(self, stream: socket.socket, request: bytes, seconds: float) -> WorkerAnswer:
        deadline = monotonic() + seconds
        stream.settimeout(seconds)
        send(stream, request)
        answer = json.loads(receive(stream, deadline))
        if not isinstance(answer, dict):
            raise ValueError("not an answer")
        return answer
