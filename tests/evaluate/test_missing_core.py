"""Where misstep-core is missing, is of another version, or does not take the rules, Python answers; who asks for it is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from tests.end_to_end.command import INTERVIEWS, Command

from misstep import InstallationError, RuleBase, __version__
from misstep.cli.version import describe_installation
from misstep.evaluate.core import Core, core_fault

RECORD = [{"kind": "late_arrival", "minutes": 12}]
BYTES = b'[{"kind": "late_arrival", "minutes": 12}]'
MISSING = "the engine 'core' needs misstep-core: pip install 'misstep[core]'; in a checkout ./engine/core, which needs cargo"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], RuleBase]]:
    """Puts a module in the place of misstep_core, None for none; the shipped rules, loaded afresh."""

    def put(module: object) -> RuleBase:
        monkeypatch.setitem(sys.modules, "misstep_core", cast(ModuleType, module))
        core_fault.cache_clear()
        return RuleBase(RuleBase.shipped().program)

    yield put
    core_fault.cache_clear()


@pytest.mark.parametrize(
    "ask",
    [
        lambda rules: rules.assess(RECORD, "core"),
        lambda rules: rules.assess_json(BYTES, "core"),
        lambda rules: rules.evaluate(RECORD, "core"),
        lambda rules: rules.explain(RECORD, "core"),
        lambda rules: rules.certainty(RECORD, "core"),
        lambda rules: rules.session(engine="core"),
        lambda rules: rules.calibrate([{"id": "a", "record": {"facts": RECORD}}], engine="core"),
    ],
    ids=["assess", "assess_json", "evaluate", "explain", "certainty", "session", "calibrate"],
)
def test_whoever_asks_for_it_is_told_that_it_is_missing(
    installed: Callable[[object], RuleBase], ask: Callable[[RuleBase], Any]
) -> None:
    with pytest.raises(InstallationError) as caught:
        ask(installed(None))
    assert str(caught.value) == MISSING


def test_without_it_python_answers(installed: Callable[[object], RuleBase]) -> None:
    rules = installed(None)
    assert rules.core is None
    assert rules.assess_json(BYTES) == rules.assess_json(BYTES, "python") == rules.assess(RECORD).to_json()
    assert "\nengine: python\n" in describe_installation()


def test_another_version_is_not_used(installed: Callable[[object], RuleBase]) -> None:
    rules = installed(SimpleNamespace(__version__="0.0.7"))
    assert rules.assess(RECORD).findings
    with pytest.raises(InstallationError) as caught:
        rules.assess(RECORD, "core")
    assert str(caught.value) == f"the engine 'core' needs misstep-core {__version__}, and 0.0.7 is installed"


def test_one_that_was_built_before_it_had_all_that_is_asked_of_it_is_not_used(installed: Callable[[object], RuleBase]) -> None:
    before = type("Core", (), {"assess": lambda record: None})
    rules = installed(SimpleNamespace(__version__=__version__, Core=before))
    assert rules.assess(RECORD).findings
    with pytest.raises(InstallationError, match="as it is in this checkout: build it anew"):
        rules.assess(RECORD, "core")


def test_rules_with_a_word_that_it_does_not_know_run_in_python(installed: Callable[[object], RuleBase]) -> None:
    class Refusing(Core):
        def __init__(self, program: bytes, schema: int) -> None:
            raise ValueError("unknown variant `median`")

    rules = installed(SimpleNamespace(__version__=__version__, Core=Refusing))
    assert rules.assess(RECORD).findings
    with pytest.raises(InstallationError) as caught:
        rules.assess(RECORD, "core")
    assert str(caught.value) == "the engine 'core' does not take these rules: unknown variant `median`"


def test_the_command_line_says_it_in_a_line(
    installed: Callable[[object], RuleBase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = installed(None)
    monkeypatch.setattr(RuleBase, "shipped", lambda: rules)
    run = Command(tmp_path).inside("assess", INTERVIEWS / "seed.json", "--engine", "core")
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {MISSING}\n")
