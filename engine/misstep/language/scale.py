"""The scale of a rule base: the bands, levels and words of scores, and the constants of plans and messages; and the words that
templates of messages and headlines may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from misstep.layout.wording import counted

SAID, REPAIR, MISTAKE = "said", "repair", "mistake"
"""What templates of a message call the words for the mistakes that they are about, the sentences that put these right, and the
worst of them."""
VERDICT, PLAN, STEP, WRONG = "verdict", "plan", "step", "wrong"
"""What templates call the verdict of the record, its plan (``plan.thank_you_note``: whether an action is in it), the step that a
headline is about, and whether anything went wrong at all."""
STEP_FIELDS = ("occasion", "channel", "due", "repairs", "adds")
"""What is known of that step: occasion, channel, when it is due in words, and the clauses of the actions in it that repair and of
the others."""
QUOTED_WORDS, QUOTED_LENGTH = 25, 160
"""How many words and characters of a fact's text a message quotes at most."""
NAMED_MISTAKES = 2
"""How many mistakes one action names in a message at most: more of them is a confession."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Ordered words with the lower end of each, ascending: the word of a number is the last whose lower end is not above it."""

    words: tuple[str, ...]
    lower: tuple[float, ...]


NO_LEVELS = Levels(("",), (0.0,))
"""The levels of a score that a rule base does not have: one, without a word."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """An occasion to act, and its place among the others as they follow in time."""

    place: int
    title: str


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A part of the message, in ``sentences`` at most (0: any number); ``last``: it may be what the message ends on.

    ``says``: a template of what it says where no action of the plan does.
    """

    name: str
    sentences: int = 0
    last: bool = True
    says: str = ""


@dataclass(frozen=True, slots=True)
class SectionWords:
    """The title of a section of the page, and the line under it."""

    title: str
    lead: str


_SECTIONS = {
    "mistake": SectionWords("What went wrong", "Each on its own. Leave out what you do not know."),
    "signal": SectionWords("What was seen of it", "Signs of it."),
    "strength": SectionWords("What speaks for it", "What makes it milder."),
    "setting": SectionWords("How things stand", "The circumstances, and what was done already."),
}


@dataclass(frozen=True, slots=True)
class PageExample:
    """A story to try, what somebody who knows said of it, and where."""

    title: str
    story: str
    said: str = ""
    source: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PageHelp:
    """A place to get help: for whom, what it is, and its address."""

    title: str
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PageWords:
    """Words of the page. ``title``: that of the rule base if empty; ``waiting``: before there is an answer; ``example``: of words
    to search for; ``sections``: by role; ``examples``: stories to try; ``help``: where to get more of it."""

    title: str = ""
    lead: str = "Say what went wrong. You will see how much it weighs, what to do first, and what to leave alone."
    waiting: str = "A few sentences are enough. Nothing counts until you say so."
    example: str = ""
    closing: str = ""
    sections: dict[str, SectionWords] = field(default_factory=_SECTIONS.copy)
    examples: tuple[PageExample, ...] = ()
    help: tuple[PageHelp, ...] = ()


@dataclass(frozen=True, slots=True)
class ScaleWords:
    """Words of the field in answers and reports.

    ``damage``: the meaning of the damage of an answer; ``report``: the first lines of a report; ``other_side``: the people that
    actions are directed at.
    """

    record: str = "record"
    records: str = "records"
    mistake: str = "mistake"
    mistakes: str = "mistakes"
    noticed: str = "noticed"
    other_side: str = "the other side"
    damage: str = "the chance in percent that at least one of these does harm"
    report: str = "Damage is the chance in percent that at least one mistake does harm."
    page: PageWords = field(default_factory=PageWords)

    def of(self, name: str) -> str:
        """The word for a role of facts or a score."""
        return {"mistake": self.mistake, "noticed": self.noticed}.get(name, name)

    def counted(self, records: int) -> str:
        """A count of records."""
        return counted(records, self.record, self.records)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Every constant of scoring and planning. Bands and levels mildest first, outlooks best first. Where a rule base has no
    chance of notice, no urgency or no outlook, that has one level, whose word is empty.

    ``act_within``: verdicts that call for a step towards the other side, and the hours it is due within; ``unable``: the verdict
    of a record that calls for such a step and has none. ``ways``: the derived kind that says which channels are open, and on
    which occasion; ``private``: the occasion of what is done alone. ``message_spoken``: channels over which a
    message is said, and its opening there.
    """

    concerns: tuple[str, ...]
    harms: tuple[str, ...]
    mends: tuple[str, ...]
    severity: Levels
    noticed: Levels
    noticed_start: float
    urgency: Levels
    overall_weights: tuple[float, ...]
    verdicts: tuple[str, ...]
    table: tuple[tuple[tuple[int, ...], ...], ...]
    outlooks: tuple[str, ...]
    max_actions: int
    max_relief: float
    ways: str
    private: str
    unable: str
    act_within: dict[str, float]
    occasions: dict[str, Occasion]
    headline: str
    message_channels: tuple[str, ...]
    message_spoken: dict[str, str]
    message_max_words: int
    message_parts: tuple[MessagePart, ...]
    message_subject: str
    message_opening: str
    message_closing: str
    words: ScaleWords

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that mistakes have: severity, and noticed and urgency where the rule base has them."""
        levels = {"severity": self.severity, "noticed": self.noticed, "urgency": self.urgency}
        return tuple(score for score, of_score in levels.items() if of_score != NO_LEVELS)

    @property
    def has_outlooks(self) -> bool:
        """Whether the rule base has outlooks."""
        return self.outlooks != ("",)

    def trait(self, name: str) -> tuple[str, ...]:
        """The words of one of ``TRAITS``."""
        words: tuple[str, ...] = getattr(self, f"{name}s")
        return words
