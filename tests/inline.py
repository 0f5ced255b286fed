"""Rule bases from text, for tests that state a law on a pack of a few lines; and the shipped packs, linked once."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from misstep import Limits, RuleBase
from misstep.errors import Problem, RuleError
from misstep.language.program import Program
from misstep.rulebase.documents import Document, read_yaml
from misstep.rulebase.link import link_program, load_program
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Merged, Pack, merge
from misstep.rulebase.read_pack import read_pack
from misstep.rulebase.shipped import shipped_rules
from misstep.rulebase.tables import open_tables


def load_text(*packs: str, limits: Limits | None = None) -> RuleBase:
    """The rule base of packs given as text; each text is a layer of its own, later ones may replace."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.yaml" for i in range(len(packs))]
        for file, text in zip(files, packs, strict=True):
            file.write_text(text, encoding="utf-8")
        return RuleBase.load(*files, limits=limits)


def program_of_json(*packs: str, limits: Limits) -> Program:
    """The program that ``load_text`` gives for packs in JSON that have no scale, without YAML or files: in half the time."""
    problems: list[Problem] = []
    read = [replace(_scale(), problems=problems)]
    for layer, text in enumerate(packs, start=1):
        pack = read_pack(Document(f"{layer - 1}.yaml", text, json.loads(text), RuleError), layer, problems)
        open_tables(pack, {}, limits)
        read.append(pack)
    return link_program(merge(read, limits, problems), limits)


@cache
def _scale() -> Pack:
    file = shipped_rules() / "scale.yaml"
    return read_pack(read_yaml(file.read_text(encoding="utf-8"), str(file)), EXTENDED, [])


def rules_named_in_cases(merged: Merged, key: str) -> set[str]:
    """The rules that the cases of packs name under `fires` or `quiet`."""
    return {rule for pack in merged.packs for case in pack.doc.cases.values() for rule in getattr(case.expect, key)}


@cache
def linked_shipped() -> tuple[Program, Merged]:
    """The shipped packs with their cases, linked from their files, and not read from the cache."""
    return load_program([shipped_rules()], Limits())
