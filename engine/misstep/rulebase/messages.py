"""The templates of kinds, actions and the scale in; problems noted for what is wrong with the message they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from misstep.model.facts import GIVEN_ROLES, Field, Kind
from misstep.model.rule import MISTAKE, NAMED_MISTAKES, OUTLOOK, SAID, Scale
from misstep.rulebase import schema
from misstep.rulebase.expressions import Type
from misstep.rulebase.kinds import fact_types, field_type
from misstep.rulebase.packs import Entry, Merged
from misstep.rulebase.templates import Checked, Names, TemplateError, check_template

MAX_NAMING = 40  # words for one mistake


class MessageChecker:
    """Checks what is said in the message. What is said of a mistake is checked at once: the rest says it again."""

    def __init__(self, merged: Merged, kinds: dict[str, Kind], roles: Mapping[str, tuple[Field, ...]], scale: Scale) -> None:
        self.merged, self.problems, self.scale = merged, merged.problems, scale
        self.broken = frozenset(name for section, name in merged.broken if section == "kinds")
        self.longest: dict[str, int] = {}
        naming = [self._naming(merged.kinds[name], kind) for name, kind in kinds.items()]
        self.longest[SAID] = NAMED_MISTAKES * max(naming, default=0) + 2  # "and" between them; or a placeholder
        self.names: dict[str, Type | Mapping[str, Type]] = {OUTLOOK: Type("enum", scale.outlooks)}
        for name, kind in kinds.items():
            if kind.role in GIVEN_ROLES and kind.role != "mistake":
                self.names[name] = {f.name: field_type(f) for f in kind.fields}
        mistakes = [kind for kind in kinds.values() if kind.role == "mistake"]
        worst = fact_types(mistakes, roles.get("mistake", ()), scale)
        worst.pop("id", None)  # an id is for records, not for readers
        by_kind = {kind.name: {f.name: field_type(f) for f in kind.fields} for kind in mistakes}
        self.about: Names = {**self.names, **by_kind, SAID: Type("text"), MISTAKE: worst}
        self.frame = 0

    def _naming(self, entry: Entry[schema.KindDoc], kind: Kind) -> int:
        """How many words it can take to name a mistake of a kind."""
        if not kind.said:
            return 0
        if kind.role != "mistake":
            self.problems.append(entry.problem("`said` is for mistakes", "said"))
            return 0
        words = self._check(entry, kind.said, {f.name: field_type(f) for f in kind.fields}, "said").words
        if words > MAX_NAMING:
            self.problems.append(entry.problem(f"this can be {words} words; at most {MAX_NAMING} name a mistake", "said"))
        return min(words, MAX_NAMING)

    def check_scale(self) -> None:
        """What every message says: opening, closing, and the parts for which no action has words."""
        entry = self.merged.scale["message"]
        for key, text in (("opening", self.scale.message_opening), ("closing", self.scale.message_closing)):
            self.frame += self._check(entry, text, self.names, key).words
        for i, part in enumerate(self.scale.message_parts):
            if part.says:
                self._fit(entry, self._check(entry, part.says, self.names, "parts", i, "says"), "parts", i, "says")

    def check_action(self, entry: Entry[schema.ActionDoc]) -> None:
        """What an action says, which by itself must fit into a message."""
        self._fit(entry, self._check(entry, entry.doc.says, self.about, "says"), "says")

    def _check(self, entry: Entry[Any], text: str, names: Names, *path: str | int) -> Checked:
        try:
            return check_template(text, names, self.longest, self.broken)
        except TemplateError as error:
            self.problems.append(entry.problem(str(error), *path, offset=error.offset))
            return Checked(0, frozenset())

    def _fit(self, entry: Entry[Any], checked: Checked, *path: str | int) -> None:
        words, most = self.frame + checked.words, self.scale.message_max_words
        if words > most:
            what = f"with opening and closing this can be {words} words; a message has at most {most}"
            self.problems.append(entry.problem(what, *path))
