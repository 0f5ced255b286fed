"""Check the templates of kinds, actions and the scale, and the length of the messages that they make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import itemgetter

from misstep.language.facts import GIVEN_ROLES, Field, Kind, renamings
from misstep.language.functions import BOOLEAN, TEXT, Type
from misstep.language.program import OUTLOOK
from misstep.language.scale import MISTAKE, NAMED_MISTAKES, PLAN, REPAIR, SAID, STEP, STEP_FIELDS, VERDICT, WRONG, Scale
from misstep.rulebase import schema
from misstep.rulebase.kinds import fact_types, field_type
from misstep.rulebase.packs import Merged, PackEntry
from misstep.rulebase.templates import Names, TemplateError, check_template

LONGEST = {SAID: 40, REPAIR: 60, "word": 80}
"""The most words of each template of a kind."""
LONGEST_ADVICE = 60
"""The most words of how an action is done for a kind."""


class MessageChecker:
    """Checks the templates of messages. Those of kinds are checked at once, as the others contain them. Faults are reported."""

    def __init__(self, merged: Merged, kinds: dict[str, Kind], roles: Mapping[str, tuple[Field, ...]], scale: Scale) -> None:
        self.merged, self.scale = merged, scale
        self.renamed = renamings(kinds.values())
        self.broken = frozenset(name for section, name in merged.broken if section in ("kinds", "roles"))
        self.longest: dict[str, int] = {}
        most = {
            key: max([self._of_kind(merged.kinds[name], kind, key, limit) for name, kind in kinds.items()], default=0)
            for key, limit in LONGEST.items()
        }
        for name, kind in kinds.items():
            for action, text in kind.advice.items():
                self._within(merged.kinds[name], text, kind, LONGEST_ADVICE, "advice", action)
        self.longest = {
            SAID: NAMED_MISTAKES * most[SAID] + 2,
            REPAIR: NAMED_MISTAKES * most[REPAIR],
        }  # 2: "and", or a placeholder
        mistakes = [kind for kind in kinds.values() if kind.role == "mistake"]
        worst = fact_types(mistakes, roles.get("mistake", ()), scale, merged.broken)
        worst.pop("id", None)  # an id is for records, not for readers
        self.around: Names = {
            **({OUTLOOK: Type("enum", scale.outlooks)} if scale.has_outlooks else {}),
            PLAN: dict.fromkeys((*merged.actions, *(n for section, n in merged.broken if section == "actions")), BOOLEAN),
            **{kind.name: _types(kind) for kind in kinds.values() if kind.role in GIVEN_ROLES},
            MISTAKE: worst,
        }
        self.about: Names = {**self.around, SAID: TEXT, REPAIR: TEXT}
        ways = kinds[scale.ways].by_name.get("channel") if scale.ways in kinds else None
        step = {
            **dict.fromkeys(STEP_FIELDS, TEXT),
            **({"occasion": Type("enum", tuple(scale.occasions))} if scale.occasions else {}),
            **({"channel": field_type(ways)} if ways is not None and ways.type == "enum" else {}),
        }
        verdicts = (*scale.verdicts, *([scale.unable] if scale.unable else []))
        self.head: Names = {**self.around, WRONG: BOOLEAN, VERDICT: Type("enum", verdicts), STEP: step}
        self.frames: dict[str, tuple[str, int]] = {}

    def _of_kind(self, entry: PackEntry[schema.KindDoc], kind: Kind, key: str, most: int) -> int:
        """How many words one of the templates of a kind can be."""
        text: str = getattr(kind, key)
        if not text:
            return 0
        if kind.role != "mistake":
            entry.report(f"`{key}` is for mistakes", key)
            return 0
        return self._within(entry, text, kind, most, key)

    def _within(self, entry: PackEntry[schema.KindDoc], text: str, kind: Kind, most: int, *path: str) -> int:
        """How many words a template over the fields of a kind can be, up to the most that are taken."""
        words = self._check(entry, text, _types(kind), *path)
        if words > most:
            entry.report(f"this can be {words} words; at most {most} are taken", *path)
        return min(words, most)

    def check_scale(self) -> None:
        """Check the opening, the closing, and the parts that have words of their own."""
        if self.scale.headline:
            self._check(self.merged.scale["plan"], self.scale.headline, self.head, "headline")
        entry = self.merged.scale.get("message")
        if entry is None:
            return
        written = sum(
            self._check(entry, text, self.around, key)
            for key, text in (("opening", self.scale.message_opening), ("closing", self.scale.message_closing))
        )
        self._check(entry, self.scale.message_subject, self.around, "subject")
        for channel, text in self.scale.message_spoken.items():
            self.frames[channel] = f"with its opening for '{channel}'", self._check(entry, text, self.around, "spoken", channel)
        self.frames.update(dict.fromkeys(self.scale.message_channels, ("with opening and closing", written)))
        for i, part in enumerate(self.scale.message_parts):
            if part.says:
                self._fit(entry, self._check(entry, part.says, self.around, "parts", i, "says"), (), "parts", i, "says")

    def check_action(self, entry: PackEntry[schema.ActionDoc], channels: Collection[str]) -> None:
        """Check the words of an action: alone they must fit into a message over its channels, or over any channel."""
        self._fit(entry, self._check(entry, entry.doc.says, self.about, "says"), channels, "says")

    def _check(self, entry: PackEntry[schema.Doc], text: str, names: Names, *path: str | int) -> int:
        """How many words a template can be; 0 with the problem noted."""
        try:
            return check_template(text, names, self.longest, self.broken, self.renamed)
        except TemplateError as error:
            entry.report(str(error), *path, offset=error.offset)
            return 0

    def _fit(self, entry: PackEntry[schema.Doc], words: int, channels: Collection[str], *path: str | int) -> None:
        frames = [frame for channel, frame in self.frames.items() if channel in channels] or self.frames.values()
        frame, around = max(frames, key=itemgetter(1), default=("by itself", 0))
        if around + words > self.scale.message_max_words:
            what = f"{frame} this can be {around + words} words; a message has at most {self.scale.message_max_words}"
            entry.report(what, *path)


def _types(kind: Kind) -> dict[str, Type]:
    return {field.name: field_type(field) for field in kind.fields}
