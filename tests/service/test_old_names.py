"""Records with old names of kinds and fields over HTTP, and on the page that a service serves."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from tests.assessment.test_old_names import ANSWER, NEW, OLD, PACK
from tests.end_to_end.command import Command
from tests.service.running import running

pytestmark = pytest.mark.once


def test_bodies_with_old_names_are_answered_as_todays(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(PACK, encoding="utf-8")
    with running("--rules", rules) as service:
        service.wait_for("Application startup complete.")

        def posted(path: str, body: str, media_type: str = "application/json") -> httpx.Response:
            return httpx.post(service.url + path, content=body, headers={"content-type": media_type}, timeout=60)

        old, new = json.dumps(OLD), json.dumps(NEW)
        assert posted("/assess", old).content == ANSWER
        assert posted("/certainty", old).content == posted("/certainty", new).content
        assert posted("/questions", old).content == posted("/questions", new).content
        assert posted("/", old).content == posted("/", new).content
        rows = posted("/assess/batch", f"{old}\n{new}\n", "application/x-ndjson").content.splitlines()
        assert [json.loads(row)["assessment"] for row in rows] == [json.loads(ANSWER), json.loads(ANSWER)]
        wrong = posted("/assess", '[{"kind": "tardy", "mins": 0}]')
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/facts/0/mins")


def test_kinds_says_what_an_old_name_is_now(tmp_path: Path, misstep: Command) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(PACK, encoding="utf-8")
    run = misstep.inside("kinds", "tardy", "--rules", str(rules))
    assert run.err == "misstep: unknown kind 'tardy'; renamed to 'late_arrival'\n"
