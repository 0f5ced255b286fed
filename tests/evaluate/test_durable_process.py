"""The process of the engine 'durable': it may die, hang or talk nonsense at any time, and nothing is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.evaluate.naive import conclusions
from tests.inline import load_text

from misstep import BudgetError, EngineError, InstallationError, Limits
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.durable import engine as module
from misstep.evaluate.durable.engine import DurableEngine
from misstep.evaluate.durable.missing import LIBRARY
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program

pytestmark = [pytest.mark.needs("durable"), pytest.mark.slow]

PACK = """
schema: 1
pack: p
kinds:
  slip: {role: mistake, title: x, concern: manners, fields: {n: {type: integer}, note: {type: text?}}}
  chain: {role: derived, title: x, fields: {n: {type: integer}}}
rules:
  one: {when: [{fact: slip, as: a}], then: {severity: {for: a, add: a.n}}}
  more:
    when: [{fact: slip, as: a}, {fact: slip, as: b}]
    where: a.n < b.n
    then: {derive: {kind: chain, n: a.n * 1000 + b.n}}
  all:
    when: [{fact: chain, as: c}, {fact: chain, as: d}, {fact: chain, as: e}]
    where: c.n + d.n == e.n
    then: {overall: 1}
"""
RECORD = [{"kind": "slip", "n": n, "note": "secret"} for n in (1, 2, 3, 5)]
HEAVY = [{"kind": "slip", "n": n} for n in range(40)]  # 780 pairs: the third rule has 473 million matches to look at
NEXT = "; the next call starts a new one, and the engine 'python' needs none"


@pytest.fixture(scope="module")
def program() -> Program:
    return load_text(PACK).program


@pytest.fixture
def engine(program: Program) -> Iterator[DurableEngine]:
    with closing(DurableEngine(program)) as engine:
        yield engine


def check(engine: DurableEngine, program: Program, limits: Limits | None = None) -> None:
    """The engine answers, and rightly."""
    limits = limits or Limits(engine_seconds=60)
    facts = RecordReader(program, limits).read(RECORD)
    got, _ = Pipeline(program, engine, limits).conclude(facts)
    wanted, _ = Pipeline(program, PythonEngine(program), limits).conclude(facts)
    assert conclusions(got) == conclusions(wanted)
    assert len(got.derivations) == 6


def pid_of(engine: DurableEngine) -> int:
    process = engine._worker._process
    assert process is not None
    return process.pid


def gone(pid: int, seconds: float = 20) -> bool:
    """Whether a process ends, and is not left as a zombie."""
    for _ in range(int(seconds * 50)):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


# -- death


def test_a_process_that_died_between_calls_is_replaced(engine: DurableEngine, program: Program) -> None:
    check(engine, program)
    pid = pid_of(engine)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    check(engine, program)
    assert pid_of(engine) != pid
    assert gone(pid)


def test_a_process_that_dies_during_a_call_is_an_error_of_one_line(engine: DurableEngine, program: Program) -> None:
    check(engine, program)
    with stopped(engine) as pid:
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(EngineError) as caught:
            check(engine, program)
    assert str(caught.value) == f"the process of the engine 'durable' died (signal 9){NEXT}"
    assert gone(pid)
    check(engine, program)


@contextmanager
def stopped(engine: DurableEngine) -> Iterator[int]:
    """The engine's process does not run, as if it hung in the library."""
    pid = pid_of(engine)
    os.kill(pid, signal.SIGSTOP)
    yield pid


def test_a_missed_deadline_is_an_error_and_ends_the_process(engine: DurableEngine, program: Program) -> None:
    check(engine, program)
    with stopped(engine) as pid, pytest.raises(EngineError) as caught:
        check(engine, program, Limits(engine_seconds=0.25))
    expected = "the process of the engine 'durable' did not answer within 0.25 seconds (limit engine_seconds)"
    assert str(caught.value) == expected + NEXT
    assert gone(pid)
    check(engine, program)


@pytest.mark.parametrize("seconds", [0, -1, 1e-9])
def test_no_time_at_all_is_a_missed_deadline(engine: DurableEngine, program: Program, seconds: float) -> None:
    with pytest.raises(EngineError, match="did not answer within"):
        check(engine, program, Limits(engine_seconds=seconds))
    check(engine, program, Limits(engine_seconds=float("inf")))


def test_a_deadline_holds_while_the_library_is_at_work(engine: DurableEngine, program: Program) -> None:
    limits = Limits(engine_seconds=0.5, work=10**12)
    facts = RecordReader(program, limits).read(HEAVY)
    check(engine, program)
    with pytest.raises(EngineError, match=r"did not answer within 0\.5 seconds"):
        Pipeline(program, engine, limits).conclude(facts)
    check(engine, program)


def test_more_matches_than_there_is_memory_for_end_the_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {f"k{i}": {"role": "mistake", "title": "x", "concern": "manners", "fields": {}} for i in range(4)}
    rules = {"r": {"when": [{"fact": kind, "as": kind} for kind in kinds], "then": {"overall": 1}}}
    program = load_text(json.dumps({"schema": 1, "pack": "p", "kinds": kinds, "rules": rules})).program
    reader, limits = RecordReader(program, Limits()), Limits(engine_seconds=120)
    less = module._START.replace("main()", "import misstep.evaluate.durable.worker as w; w.MOST_MEMORY = 300 << 20; main()")
    with monkeypatch.context() as patch, closing(DurableEngine(program)) as engine:
        patch.setattr(module, "_START", less)
        few, many = ([{"kind": f"k{i}"} for i in range(3) for _ in range(n)] + [{"kind": "k3"}] for n in (3, 120))
        memory, _ = Pipeline(program, engine, limits).conclude(reader.read(few))
        assert len(memory.contributions) == 27
        with pytest.raises(EngineError, match=r"died|MemoryError"):
            Pipeline(program, engine, limits).conclude(reader.read(many))


# -- nonsense

HEAR = "import json, socket\ns = socket.socket(fileno=0)\ns.recv(1 << 20)\n"
SAY = HEAR + "def say(text): s.sendall(len(text).to_bytes(8, 'big') + text)\n"
READY = SAY + "say(b'{}')\ns.recv(1 << 20)\n"
LISTS = ("facts", "derivations", "contributions", "recommendations", "vetoes", "notes", "outlooks")


def saying(**lists: list[Any]) -> str:
    """A process that answers with nothing but this."""
    answer = {"work": 1, **{name: [] for name in LISTS}, **lists}
    return READY + f"say(json.dumps({answer}).encode())"


NONSENSE = {
    "ends at once": "",
    "raises": "raise RuntimeError",
    "is noise": HEAR + "s.sendall(bytes(range(255, -1, -1)) * 9)",
    "is too long": HEAR + "s.sendall((1 << 62).to_bytes(8, 'big'))",
    "is no JSON": READY + "say(b'{')",
    "is no text": READY + "say(bytes([255] * 20))",
    "is a list": SAY + "say(b'[]')",
    "is empty": READY + "say(b'{}')",
    "names no rule": saying(notes=[[0, 99, []]]),
    "names no fact": saying(contributions=[[99, "severity", 1, 1, [0]]]),
    "has another form": saying(vetoes=[7]),
}


@pytest.mark.parametrize("script", NONSENSE.values(), ids=list(NONSENSE))
def test_what_is_no_answer_is_an_error(
    engine: DurableEngine, program: Program, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_START", script)
        with pytest.raises(EngineError) as caught:
            check(engine, program)
    assert str(caught.value).endswith(NEXT)
    assert "\n" not in str(caught.value)
    check(engine, program)


BROKEN = """
import misstep.evaluate.durable.worker as worker
load = worker._durable
def refuse(handle, fact):
    raise ValueError(fact)
def broken():
    durable = load()
    durable.assert_fact = refuse
    return durable
worker._durable = broken
main()
"""


def test_a_failure_inside_is_named_without_a_word_of_the_facts(
    engine: DurableEngine, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_START", module._START.replace("main()", BROKEN))
        with pytest.raises(EngineError) as caught:
            check(engine, program)
    assert str(caught.value) == f"the process of the engine 'durable' failed (ValueError){NEXT}"
    check(engine, program)


# -- limits


@pytest.mark.parametrize("limits", [Limits(work=10), Limits(derived=5)])
def test_a_limit_is_the_error_that_the_other_engine_raises(engine: DurableEngine, program: Program, limits: Limits) -> None:
    check(engine, program)
    pid = pid_of(engine)
    facts = RecordReader(program, limits).read(RECORD)
    for each in (PythonEngine(program), engine):
        with pytest.raises(BudgetError, match="derived facts; the rule more" if limits.derived == 5 else "more than 10 facts"):
            Pipeline(program, each, limits).conclude(facts)
    check(engine, program)
    assert pid_of(engine) == pid


# -- threads, forks, interrupts


def test_many_threads_take_turns(engine: DurableEngine, program: Program) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                check(engine, program)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_close_ends_a_call_that_waits(engine: DurableEngine, program: Program) -> None:
    check(engine, program)
    with stopped(engine) as pid:
        threading.Timer(0.2, engine.close).start()
        with pytest.raises(EngineError, match="died"):
            check(engine, program)
    assert gone(pid)
    check(engine, program)


def test_an_interrupt_leaves_nothing_behind_that_the_next_call_could_take_for_its_own(
    engine: DurableEngine, program: Program
) -> None:
    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    check(engine, program)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with stopped(engine) as pid:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                check(engine, program)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert gone(pid)
    check(engine, program)


FORK = """
import os, signal, sys
signal.alarm(50)
from tests.evaluate.test_durable_process import PACK, check, pid_of, load_text, DurableEngine
program = load_text(PACK).program
engine = DurableEngine(program)
check(engine, program)
before = pid_of(engine)
engine._lock.acquire()  # as if another thread waited for the process just now
pid = os.fork()
if pid == 0:
    signal.alarm(25)
    check(engine, program)
    os._exit(pid_of(engine) == before)
engine._lock.release()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
check(engine, program)
sys.exit(status or pid_of(engine) != before)
"""


def python(script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def test_a_process_belongs_to_the_one_that_started_it() -> None:
    done = python(FORK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- what is left


# in a process of its own: what other tests left to the collector may close here at any moment
LEFT = """
import gc, os, sys
from tests.evaluate.test_durable_process import PACK, check, gone, pid_of, load_text, DurableEngine
program = load_text(PACK).program
gc.collect()
before = sorted(os.listdir("/dev/fd"))
for _ in range(3):
    engine = DurableEngine(program)
    check(engine, program)
    pid = pid_of(engine)
    {end}
    del engine
    gc.collect()
    assert gone(pid)
assert sorted(os.listdir("/dev/fd")) == before
"""


@pytest.mark.parametrize("end", ["engine.close()", "pass"], ids=["closed", "collected"])
def test_nothing_is_left_of_an_engine(end: str) -> None:
    done = python(LEFT.format(end=end))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("end", ["", "os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit(1)"])
def test_the_process_ends_with_its_parent(end: str) -> None:
    script = (
        "import os\nfrom tests.evaluate.test_durable_process import PACK, check, pid_of, load_text, DurableEngine\n"
        "program = load_text(PACK).program\nengine = DurableEngine(program)\ncheck(engine, program)\n"
        f"print(pid_of(engine), flush=True)\n{end}"
    )
    done = python(script)
    assert done.stderr == ""
    pid = done.stdout.strip()
    for _ in range(1_000):  # a zombie is for whoever takes in orphans
        state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
        if state.strip()[:1] in ("", "Z"):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the process is still there")


def test_memory_stays_what_it_is(engine: DurableEngine, program: Program) -> None:
    def resident() -> int:
        return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid_of(engine))], capture_output=True, check=True).stdout)

    limits = Limits(engine_seconds=60)
    facts = RecordReader(program, limits).read(RECORD)
    sizes = []
    for _ in range(3):
        for _ in range(700):
            Pipeline(program, engine, limits).conclude(facts)
        sizes.append(resident())
    assert sizes[2] - sizes[0] < 1_000  # KiB; what is lost for each call would be more, as a session alone is 300


# -- installation


def test_the_library_is_neither_loaded_here_nor_pydantic_there(engine: DurableEngine, program: Program) -> None:
    check(engine, program)
    assert LIBRARY not in sys.modules
    script = (
        module._START.removesuffix("main()\n") + "print([n for n in ('pydantic', 'yaml', 'misstep.api') if n in sys.modules])"
    )
    folder = str(Path(module.__file__).parents[2])
    shown = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_library_that_cannot_be_loaded_is_said_to_be_so(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / f"{LIBRARY}.py").write_text("raise ImportError('undefined symbol: PyEval_CallObject')\n", encoding="utf-8")
    with monkeypatch.context() as patch, closing(DurableEngine(program)) as engine:
        patch.syspath_prepend(tmp_path)
        with pytest.raises(InstallationError) as caught:
            check(engine, program)
        assert str(caught.value) == "the engine 'durable' cannot load durable-rules: undefined symbol: PyEval_CallObject"
        patch.undo()
        check(engine, program)
