"""Thirteen stories as people tell them, entered with what each says: headline, word, plan and letters, compared whole.

The rules know no story. What stands in fixtures/stories/ID.md is for reading aloud: `pytest --update-golden` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.command import FIXTURES

from misstep import Assessment, RuleBase
from misstep.assessment.phrases import due_in_words
from misstep.rulebase.documents import read_yaml

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

STORIES = sorted((FIXTURES / "stories").glob("*.yaml"))


def told(answer: Assessment) -> str:
    """What the person reads first."""
    lines = [f"# {answer.headline}", ""]
    lines += [f"{finding.title}: {finding.word}\n" for finding in answer.findings]
    for step in answer.steps:
        lines += [f"{step.rank}. **{step.title}** ({due_in_words(step.due_hours)})", ""]
        lines += [f"   - {action.title}: {action.text}" for action in step.actions] + [""]
        if step.message:
            lines += [f"   > Subject: {step.message.subject}", "   >"] if step.message.subject else []
            lines += [f"   > {line}".rstrip() for line in step.message.body.splitlines()] + [""]
    lines += ["Leave alone:", ""] + [f"- {avoided.title}" for avoided in answer.avoid]
    return "\n".join(lines).rstrip() + "\n"


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_what_a_story_is_answered(file: Path, golden: Callable[[Path, str], None]) -> None:
    record = read_yaml(file.read_text(encoding="utf-8"), str(file)).data
    golden(file.with_suffix(".md"), told(RuleBase.shipped().assess(record)))


def test_every_story_has_its_source_and_no_rule_knows_one() -> None:
    assert len(STORIES) == 13
    for file in STORIES:
        assert "# Told at: " in file.read_text(encoding="utf-8")
        rules = FIXTURES.parent / "rules"
        assert not any(f"id: {file.stem}" in pack.read_text(encoding="utf-8") for pack in rules.glob("*.yaml"))
