"""The templates of a checked program in; the same as plain data out: see export.py.

What a variable of a template stands for is resolved here, as ``misstep.assessment.speech`` does for Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from misstep.language.facts import TRAITS, UNSAID, Field, Kind
from misstep.language.program import OUTLOOK, Program
from misstep.language.scale import MISTAKE, PLAN, REPAIR, SAID, STEP, STEP_FIELDS, VERDICT, WRONG

Data = dict[str, Any]
"""Mappings, lists, numbers and text."""


class TemplateExport:
    """Templates get their numbers as they are met. ``word``: the number of a word."""

    def __init__(self, program: Program, word: Callable[[str], int]) -> None:
        self._program, self._word = program, word
        self._kinds = {name: number for number, name in enumerate(program.kinds)}
        self._actions = {name: number for number, name in enumerate(program.actions)}
        self._numbers: dict[tuple[str, str], int] = {}
        self.templates: list[Data] = []

    def of_record(self, text: str, lines: bool = False) -> int | None:
        """A template of an action, of a part of a message, or of a headline; ``lines``: it keeps its lines."""
        return self._number(text if lines else " ".join(text.split()), "", self._read)

    def of_kind(self, text: str, kind: Kind) -> int | None:
        """A template of a kind of mistake."""
        return self._number(" ".join(text.split()), kind.name, lambda name, _: self._field("worst", kind.fields, name))

    def _number(self, text: str, kind: str, read: Callable[[str, str], Data | str]) -> int | None:
        from misstep.rulebase.templates import template_tree  # Jinja takes long to import

        if not text:
            return None
        if (text, kind) not in self._numbers:
            variables, body = template_tree(text)
            self.templates.append({"variables": [read(*variable) for variable in variables], "body": body})
            self._numbers[text, kind] = len(self.templates) - 1
        return self._numbers[text, kind]

    def _read(self, name: str, field: str) -> Data | str:
        """What a name in a message or a headline stands for."""
        if name in (SAID, REPAIR, OUTLOOK, VERDICT, WRONG):
            return name
        if name == PLAN:
            return {"plan": self._actions.get(field)}
        if name == STEP:
            return {"step": STEP_FIELDS.index(field)}
        if name == MISTAKE:
            if field in ("kind", *TRAITS):
                return {"trait": [None if field == "kind" else TRAITS.index(field), field]}
            return self._field("worst", self._program.roles.get("mistake", ()), field)
        kind = self._program.kinds[name]
        source = {"first" if kind.role == "mistake" else "fullest": self._kinds[name]}
        return self._field(source, kind.fields, field)

    def _field(self, source: Data | str, fields: Sequence[Field], name: str) -> Data:
        """A field of a fact; ``""``: whether there is such a fact."""
        if not name:
            return {"is": source}
        column, field = next((column, field) for column, field in enumerate(fields) if field.name == name)
        of = {"name": name, "column": column, "text": field.type == "text", "assumes": field.assumes}
        return {"of": {**of, "source": source, "unsaid": self._word(UNSAID) if UNSAID in field.values else None}}
