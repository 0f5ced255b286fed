"""A release has one version: every place that writes it down, and every door that tells it, has that of ``__about__.py``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

import misstep
from misstep.assessment import SCHEMA as ANSWER
from misstep.batch.columns import SCHEMA as TABLES
from misstep.cli.version import describe_installation
from misstep.rulebase.schema import PackDoc
from misstep.service.assistants import make_server
from misstep.service.config import Settings
from misstep.service.served import load_served

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
VERSION = misstep.__version__
FLAWS = """
schema: 1
pack: flaws
rulebase: {name: flaws, version: 9.9.9}
scale:
  severity: {bands: {low: 0, high: 7}}
kinds:
  flaw: {role: mistake, title: Flaw, fields: {score: {type: number, min: 0, max: 10, worse: higher}}}
rules:
  score: {when: [flaw], then: {severity: flaw.score}, because: it says so}
"""


def read_toml(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def test_the_core_and_the_extra_that_brings_it_have_it() -> None:
    packages = read_toml("engine/core/Cargo.lock")["package"]
    locked = [package["version"] for package in packages if package["name"] == "misstep_core"]
    extra = read_toml("pyproject.toml")["project"]["optional-dependencies"]["core"]
    assert read_toml("engine/core/Cargo.toml")["package"]["version"] == VERSION
    assert locked == [VERSION]
    assert extra == [f"misstep-core=={VERSION}"]


def test_the_example_of_a_container_has_it() -> None:
    tags = re.findall(r"image: \S+/misstep:(\S+)", (ROOT / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8"))
    assert tags == [VERSION]


def test_the_upgrade_notes_have_a_row_of_numbers_for_it() -> None:
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs" / "upgrade.md").read_text(encoding="utf-8").splitlines()]
    pack = get_args(PackDoc.model_fields["schema_version"].annotation)
    assert [row for row in rows if row[0] == VERSION] == [[VERSION, str(ANSWER), str(TABLES), *map(str, pack)]]


def test_every_door_tells_it(tmp_path: Path) -> None:
    rules = tmp_path / "flaws.yaml"
    rules.write_text(FLAWS, encoding="utf-8")
    documents = load_served(Settings(rules=(rules,))).documents
    assert orjson.loads(documents["/version"])["misstep"] == VERSION
    assert orjson.loads(documents["/openapi.json"])["info"]["version"] == VERSION
    assert make_server([rules]).version == VERSION
    assert describe_installation().startswith(f"misstep {VERSION}\n")
