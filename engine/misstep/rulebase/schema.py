"""The shape of a rule pack, as pydantic models; docs/rule-packs.md explains the keys.

NameOrNames and expressions are checked later (link.py): here it is only keys, types and nesting. The models also
give the JSON Schema that editors use.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, StringConstraints, Tag

from misstep.language.facts import LARGEST, GivenRole, Role
from misstep.limits import FIXED

NAME, ID = r"^[a-z][a-z0-9_]*$", r"^[a-z0-9][a-z0-9_.-]*$"
URL, VERSION = r"^https?://\S+$", r"^[0-9]+(\.[0-9]+){0,2}$"
PLACE = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"
CHANGED = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"
CSV_FILE = r"^\w[\w .-]*(/\w[\w .-]*)*\.csv$"
RANGE = r"^-?[0-9]+(\.[0-9]+)?\.\.-?[0-9]+(\.[0-9]+)?$"
PATTERNS = {
    NAME: "a name: lower-case words with underscores",
    ID: "an id: lower-case words with - . or _",
    URL: "an address that begins with https:// or http://",
    VERSION: "a version such as 1.2.0",
    PLACE: "the name of a kind or role and of one of its fields, such as late_arrival.minutes",
    CHANGED: "the name of a fact, or of a fact and one of its fields, such as late_arrival.minutes",
    CSV_FILE: "the name of a .csv file in the folder of the pack, or in one below it",
    RANGE: "a number or a range such as 2..3.5",
}
"""Patterns of texts, and their names in messages."""

NEWEST = 1
"""The newest number of the format that is read; docs/rule-packs.md says what a number promises."""
OLD_KEYS = {
    "scale.message.order": "the parts of a message are listed under `parts`, and an action names its own with `part`",
}
"""Keys that the format had once, by their path, and what to write instead."""

Name = Annotated[str, StringConstraints(pattern=NAME, max_length=FIXED.name)]
"""A kind, role, field, action or name in a rule: lower-case words with underscores."""
FieldPlace = Annotated[str, StringConstraints(pattern=PLACE, max_length=2 * FIXED.name + 1)]
"""A field: the name of its kind or role, a dot, and its own."""
ChangedPlace = Annotated[str, StringConstraints(pattern=CHANGED, max_length=2 * FIXED.name + 1)]
"""A fact of a rule by its name, or, behind a dot, one of its fields."""
Identifier = Annotated[str, StringConstraints(pattern=ID, max_length=FIXED.identifier)]
"""A rule, source or pack."""
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=FIXED.short_text)]
Prose = Annotated[str, StringConstraints(max_length=FIXED.prose)]
StoryText = Annotated[str, StringConstraints(min_length=1, max_length=FIXED.prose)]
Url = Annotated[str, StringConstraints(pattern=URL, max_length=FIXED.url)]
ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=FIXED.expression)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Weight = Annotated[float, Field(gt=0, le=LARGEST)]


def _shape(value: object) -> str:
    if isinstance(value, (dict, BaseModel)):
        return "mapping"
    if isinstance(value, list):
        return "list"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "text"


by_shape = Discriminator(_shape)
Amount = Annotated[Annotated[Number, Tag("number")] | Annotated[ExpressionText, Tag("text")], by_shape]
"""A number or an expression."""
Constant = Annotated[
    Annotated[bool, Tag("boolean")]
    | Annotated[int | float, Field(ge=-LARGEST, le=LARGEST), Tag("number")]
    | Annotated[str, Tag("text")],
    by_shape,
]


NameOrNames = Annotated[Annotated[Name, Tag("text")] | Annotated[list[Name], Tag("list"), Field(min_length=1)], by_shape]


def _not_true(value: object) -> object:
    """``True`` is 1 for a Literal."""
    return "true" if value is True else value


class Doc(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        """Itself, for it is frozen: pydantic copies a default for each document that does not give the field."""
        return self


Waivers = dict[Identifier, ShortText]
"""Lints that are not to be told here, by their code, each with the reason."""


class Declaration(Doc):
    """A declaration that a later layer can replace."""

    replace: bool = False
    waive: Waivers = {}


ConstantList = Annotated[
    list[
        Annotated[
            Annotated[int | float, Field(ge=-LARGEST, le=LARGEST), Tag("number")]
            | Annotated[str, Tag("text"), StringConstraints(max_length=FIXED.constant_text)],
            by_shape,
        ]
    ],
    Field(min_length=1, max_length=FIXED.constant_items),
]
ConstantValue = Annotated[
    Annotated[bool, Tag("boolean")]
    | Annotated[int | float, Field(ge=-LARGEST, le=LARGEST), Tag("number")]
    | Annotated[str, Tag("text"), StringConstraints(max_length=FIXED.constant_text)]
    | Annotated[ConstantList, Tag("list")],
    by_shape,
]
"""A number, a truth value, a text, or a list of numbers or words."""


class ConstantDoc(Declaration):
    value: ConstantValue | None = None
    expression: ExpressionText | None = None
    help: Prose = ""


def _spelled_out(value: object) -> object:
    """A constant that is its value alone, as the mapping that it is short for."""
    return value if isinstance(value, (dict, BaseModel)) else {"value": value}


ConstantItem = Annotated[ConstantDoc, BeforeValidator(_spelled_out, json_schema_input_type=ConstantValue | ConstantDoc)]


class FieldDoc(Doc):
    type: Literal[
        "boolean",
        "integer",
        "number",
        "text",
        "enum",
        "set",
        "boolean?",
        "integer?",
        "number?",
        "text?",
        "enum?",
        "set?",
    ]
    values: Annotated[list[ShortText], Field(min_length=1)] | None = None
    ordered: bool = False
    default: object = None
    min: Number | None = None
    max: Number | None = None
    unit: ShortText | None = None
    worse: object = None
    help: Prose = ""
    title: ShortText | None = None
    words: Annotated[dict[str, ShortText], Field(min_length=1)] | None = None
    was: NameOrNames | None = None
    """Old names, by which records may still call it; of a kind likewise."""


class RoleDoc(Declaration):
    fields: dict[Name, FieldDoc]


class KindDoc(Declaration):
    role: Role
    title: ShortText
    help: Prose = ""
    topic: ShortText | None = None
    concern: Name | None = None
    harm: Name | None = None
    mend: Name | None = None
    word: Prose = ""
    advice: dict[Name, Annotated[Prose, StringConstraints(min_length=1)]] = {}
    assumed: ShortText | None = None
    said: ShortText | None = None
    repair: Prose = ""
    was: NameOrNames | None = None
    keep: Literal["each"] | None = None
    fields: dict[Name, FieldDoc] = {}


class PatternDoc(Doc):
    fact: NameOrNames | None = None
    exists: NameOrNames | None = None
    count: NameOrNames | None = None
    sum: NameOrNames | None = None
    min: NameOrNames | None = None
    max: NameOrNames | None = None
    average: NameOrNames | None = None
    distinct: NameOrNames | None = None
    of: object = None
    """For a finding: its kind or kinds. For all aggregates but ``count``: the value, an expression."""
    by: Annotated[dict[Name, ExpressionText], Field(min_length=1, max_length=FIXED.groups)] | None = None
    name: Annotated[Name | None, Field(alias="as")] = None
    each: Name | None = None
    where: ExpressionText | None = None
    least: ExpressionText | None = None
    most: ExpressionText | None = None


PatternOrName = Annotated[Annotated[Name, Tag("text")] | Annotated[PatternDoc, Tag("mapping")], by_shape]


class AddDoc(Doc):
    target: Annotated[Name | None, Field(alias="for")] = None
    add: Amount


Add = Annotated[
    Annotated[Number, Tag("number")] | Annotated[ExpressionText, Tag("text")] | Annotated[AddDoc, Tag("mapping")], by_shape
]


class VerdictDoc(Doc):
    target: Annotated[Name | None, Field(alias="for")] = None
    at_least: Name


class RecommendDoc(Doc):
    action: Name
    targets: Annotated[NameOrNames | None, Field(alias="for")] = None
    relief: Amount | None = None
    due_hours: Amount | None = None


class VetoDoc(Doc):
    action: Name
    targets: Annotated[NameOrNames | None, Field(alias="for")] = None


RecommendItem = Annotated[Annotated[Name, Tag("text")] | Annotated[RecommendDoc, Tag("mapping")], by_shape]
VetoItem = Annotated[Annotated[Name, Tag("text")] | Annotated[VetoDoc, Tag("mapping")], by_shape]
DeriveDoc = Annotated[dict[Name, Constant], Field(min_length=1)]


class ThenDoc(Doc):
    severity: Add | None = None
    noticed: Add | None = None
    urgency: Add | None = None
    relief: Add | None = None
    overall: Amount | None = None
    verdict: Annotated[Annotated[Name, Tag("text")] | Annotated[VerdictDoc, Tag("mapping")], by_shape] | None = None
    outlook: Name | None = None
    derive: Annotated[Annotated[DeriveDoc, Tag("mapping")] | Annotated[list[DeriveDoc], Tag("list")], by_shape] | None = None
    recommend: (
        Annotated[
            Annotated[Name, Tag("text")] | Annotated[RecommendDoc, Tag("mapping")] | Annotated[list[RecommendItem], Tag("list")],
            by_shape,
        ]
        | None
    ) = None
    veto: (
        Annotated[
            Annotated[Name, Tag("text")] | Annotated[VetoDoc, Tag("mapping")] | Annotated[list[VetoItem], Tag("list")],
            by_shape,
        ]
        | None
    ) = None
    note: ShortText | None = None


class RuleDoc(Declaration):
    when: Annotated[list[PatternOrName], Field(min_length=1)]
    unless: list[PatternOrName] = []
    where: ExpressionText | None = None
    then: ThenDoc
    because: ShortText | None = None
    title: ShortText | None = None
    help: Prose = ""
    sources: Annotated[list[Identifier], Field(max_length=FIXED.cited)] = []


CellDoc = Annotated[
    Annotated[bool, Tag("boolean")]
    | Annotated[int | float, Field(ge=-LARGEST, le=LARGEST), Tag("number")]
    | Annotated[str, Tag("text"), StringConstraints(max_length=FIXED.cell)]
    | Annotated[list[Constant], Tag("list"), Field(min_length=1)],
    by_shape,
]
"""A cell of a table: a value, a text such as ``5..9`` or ``a | b``, or a list of values."""


class TableDoc(Declaration):
    """A decision table: rows of cells, in the pack or in a CSV file beside it. Each row is a rule."""

    when: Annotated[list[PatternOrName], Field(min_length=1)]
    unless: list[PatternOrName] = []
    where: ExpressionText | None = None
    inputs: Annotated[
        Annotated[list[ExpressionText], Tag("list"), Field(min_length=1, max_length=FIXED.table_columns)]
        | Annotated[dict[ShortText, ExpressionText], Tag("mapping"), Field(min_length=1, max_length=FIXED.table_columns)],
        by_shape,
    ]
    outputs: Annotated[list[Name], Field(max_length=FIXED.table_columns)] = []
    hit: Literal["unique", "first", "collect"] = "unique"
    gaps: Literal["allowed"] | None = None
    rows: Annotated[list[Annotated[list[CellDoc], Field(min_length=1)]], Field(min_length=1)] | None = None
    csv: Annotated[str, StringConstraints(pattern=CSV_FILE, max_length=FIXED.file_name)] | None = None
    then: Annotated[
        dict[Name, object], Field(min_length=1, json_schema_extra={"propertyNames": {"enum": [*ThenDoc.model_fields]}})
    ]
    """As in a rule; ``{output}`` stands for a cell of the row."""
    because: ShortText | None = None
    title: ShortText | None = None
    help: Prose = ""
    sources: Annotated[list[Identifier], Field(max_length=FIXED.cited)] = []


class ReliefDoc(Doc):
    severity: Annotated[float, Field(ge=0, le=10)]


class ExcludedDoc(Doc):
    """All actions of a reach."""

    reach: Literal["repairs", "plain", "private"]


ExcludedItem = Annotated[Annotated[Name, Tag("text")] | Annotated[ExcludedDoc, Tag("mapping")], by_shape]


class ActionDoc(Declaration):
    title: ShortText
    reach: Literal["repairs", "plain", "private"] = "private"
    channel: NameOrNames | None = None
    occasion: Name | None = None
    leads: bool = False
    excludes: list[ExcludedItem] = []
    effort_minutes: Annotated[int, Field(ge=0, le=100_000)] | None = None
    due_hours: Annotated[float, Field(ge=0, le=100_000)] | None = None
    group: Name | None = None
    relief: ReliefDoc | None = None
    text: Prose = ""
    clause: ShortText | None = None
    says: Prose = ""
    part: Name | None = None
    next_time: bool = False


class StatementDoc(Doc):
    """What a source says of a kind; ``share``: percent of those who were asked."""

    of: Name
    says: ShortText
    share: Annotated[float, Field(ge=0, le=100)] | None = None


class SourceDoc(Declaration):
    title: ShortText
    kind: Literal["survey", "study", "expert", "practice"]
    year: Annotated[int, Field(ge=1800, le=2200)] | None = None
    place: ShortText | None = None
    sample: Annotated[int, Field(ge=1, le=10**9)] | None = None
    figure: Prose = ""
    statements: Annotated[list[StatementDoc], Field(max_length=FIXED.items)] = []
    url: Url | None = None


class UsualDoc(Declaration):
    answers: Annotated[
        dict[Annotated[str, StringConstraints(max_length=FIXED.short_text)], Weight], Field(min_length=1, max_length=FIXED.items)
    ]
    sources: Annotated[list[Identifier], Field(min_length=1, max_length=FIXED.cited)]


Wording = Annotated[str, StringConstraints(min_length=1, max_length=FIXED.wording)]
"""A few words in the order in which they are said: see docs/own-words.md."""
Wordings = Annotated[list[Wording], Field(max_length=FIXED.items)]


class FieldWordsDoc(Doc):
    says: dict[ShortText, Wordings] = {}
    near: Wordings = []
    counts: Wordings = []
    told_with: Wordings = []
    against: Wordings = []


class KindWordsDoc(Declaration):
    says: Wordings = []
    examples: Annotated[list[StoryText], Field(max_length=FIXED.items)] = []
    against: Wordings = []
    instead_of: list[Name] = []
    fields: dict[Name, FieldWordsDoc] = {}


class ConcernsDoc(Declaration):
    values: list[Name]


class TraitDoc(ConcernsDoc):
    by_concern: dict[Name, Name] = {}
    """The word of kinds that declare none, by their concern."""


LevelsMap = Annotated[dict[Name, Number], Field(min_length=1)]


class SeverityScaleDoc(Declaration):
    bands: LevelsMap


class UrgencyScaleDoc(Declaration):
    levels: LevelsMap


class NoticedScaleDoc(UrgencyScaleDoc):
    start: Number = 0


class OverallScaleDoc(Declaration):
    weights: dict[Name, Annotated[float, Field(ge=0, le=1)]]


class OutlooksDoc(Declaration):
    order: Annotated[list[Name], Field(min_length=1)]


Verdicts = Annotated[Annotated[Name, Tag("text")] | Annotated[list[Name], Tag("list")], by_shape]
"""A verdict for each level of urgency, or one for all of them."""


class VerdictsDoc(OutlooksDoc):
    table: dict[
        Name,
        Annotated[
            Annotated[Name, Tag("text")] | Annotated[list[Name], Tag("list")] | Annotated[dict[Name, Verdicts], Tag("mapping")],
            by_shape,
        ],
    ]
    """By severity band, the verdicts for each level of notice, or one entry for all of them."""


class OccasionDoc(Doc):
    title: ShortText


class ActWithinDoc(Doc):
    hours: Annotated[dict[Name, Annotated[float, Field(gt=0, le=100_000)]], Field(min_length=1)]
    otherwise: Name


class PlanDoc(Declaration):
    max_actions: Annotated[int, Field(ge=0, le=1000)] | None = None
    max_relief: Annotated[float, Field(ge=0, le=1)] = 1
    occasions: dict[Name, OccasionDoc] = {}
    ways: Name | None = None
    private: Name | None = None
    act_within: ActWithinDoc | None = None
    headline: Prose = ""


class PartDoc(Doc):
    part: Name
    sentences: Annotated[int, Field(ge=1, le=100)] | None = None
    last: bool = True
    says: Prose = ""


PartOrName = Annotated[Annotated[Name, Tag("text")] | Annotated[PartDoc, Tag("mapping")], by_shape]


class MessageDoc(Declaration):
    channels: list[Name]
    spoken: dict[Name, Prose] = {}
    max_words: Annotated[int, Field(ge=1, le=10_000)]
    parts: list[PartOrName] = []
    subject: Prose = ""
    opening: Prose = ""
    closing: Prose = ""


class NounDoc(Doc):
    one: ShortText
    many: ShortText


class PageSectionDoc(Doc):
    title: ShortText
    lead: Prose


class PageExampleDoc(Doc):
    title: ShortText
    story: Prose
    said: Prose = ""
    source: Annotated[str, StringConstraints(max_length=FIXED.short_text)] = ""
    url: Url | None = None


class PageHelpDoc(Doc):
    title: ShortText
    text: Prose
    url: Url | None = None


class PageWordsDoc(Doc):
    title: ShortText | None = None
    lead: Prose | None = None
    waiting: Prose | None = None
    example: ShortText | None = None
    closing: Prose | None = None
    sections: dict[GivenRole, PageSectionDoc] = {}
    examples: Annotated[list[PageExampleDoc], Field(max_length=FIXED.page_items)] = []
    help: Annotated[list[PageHelpDoc], Field(max_length=FIXED.page_items)] = []


class WordsDoc(Doc):
    record: NounDoc | None = None
    mistake: NounDoc | None = None
    noticed: ShortText | None = None
    other_side: ShortText | None = None
    damage: ShortText | None = None
    report: Prose | None = None
    page: PageWordsDoc = PageWordsDoc()
    replace: bool = False


class ScaleDoc(Doc):
    concerns: ConcernsDoc | None = None
    harms: TraitDoc | None = None
    mends: TraitDoc | None = None
    severity: SeverityScaleDoc | None = None
    noticed: NoticedScaleDoc | None = None
    urgency: UrgencyScaleDoc | None = None
    overall: OverallScaleDoc | None = None
    verdicts: VerdictsDoc | None = None
    outlooks: OutlooksDoc | None = None
    plan: PlanDoc | None = None
    message: MessageDoc | None = None
    words: WordsDoc | None = None


Range = Annotated[
    Annotated[Number, Tag("number")] | Annotated[str, Tag("text"), StringConstraints(pattern=RANGE)],
    by_shape,
]
"""A number, or ``LOW..HIGH``, both included."""


class ExpectListDoc(Doc):
    include: list[Name] = []
    exclude: list[Name] = []


class ExpectTextDoc(Doc):
    """Words that a text has in it, or has not; where a line ends does not matter."""

    include: list[ShortText] = []
    exclude: list[ShortText] = []


class ExpectReasonDoc(Doc):
    """What a rule adds to each score, all its firings together."""

    severity: Range | None = None
    relief: Range | None = None
    noticed: Range | None = None
    urgency: Range | None = None
    overall: Range | None = None


class ExpectReasonsDoc(Doc):
    """Rules among the reasons; and, by the id of a rule, what it adds."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Identifier, ExpectReasonDoc] = Field(init=False)
    include: list[Identifier] = []
    exclude: list[Identifier] = []


class ExpectFindingDoc(Doc):
    severity: Range | None = None
    noticed: Range | None = None
    urgency: Range | None = None
    damage: Range | None = None
    severity_band: Name | None = None
    noticed_level: Name | None = None
    urgency_level: Name | None = None
    verdict: Name | None = None
    because: ExpectReasonsDoc = ExpectReasonsDoc()


class ExpectActionDoc(Doc):
    """An action of the plan; ``targets``: all mistakes that it is for, by the ids or kinds of their facts."""

    targets: Annotated[list[ShortText] | None, Field(alias="for")] = None
    due_hours: Range | None = None
    occasion: Name | None = None
    channel: Name | None = None


class ExpectActionsDoc(ExpectListDoc):
    """Actions of the plan; and, by its name, what is expected of one."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Name, ExpectActionDoc] = Field(init=False)
    first: Name | None = None


class ExpectStepsDoc(ExpectListDoc):
    """The occasions of steps."""

    first: Name | None = None


ExpectedValues = dict[Name, Any]
"""Values of fields: a constant; for a number also a range; null: unknown."""


class ExpectDerivedDoc(ExpectListDoc):
    """Derived kinds; and, by its kind, the values of a derived fact, or of several."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        Name,
        Annotated[
            Annotated[ExpectedValues, Tag("mapping")] | Annotated[list[ExpectedValues], Tag("list"), Field(min_length=1)],
            by_shape,
        ],
    ] = Field(init=False)


class ExpectDoc(Doc):
    fires: list[Identifier] = []
    quiet: list[Identifier] = []
    damage: Range | None = None
    damage_after: Range | None = None
    band: Name | None = None
    verdict: Name | None = None
    outlook: Name | None = None
    acts: bool | None = None
    because: ExpectReasonsDoc = ExpectReasonsDoc()
    findings: dict[str, ExpectFindingDoc] = {}
    actions: ExpectActionsDoc = ExpectActionsDoc()
    steps: ExpectStepsDoc = ExpectStepsDoc()
    avoid: ExpectListDoc = ExpectListDoc()
    derived: ExpectDerivedDoc = ExpectDerivedDoc()
    headline: ExpectTextDoc = ExpectTextDoc()
    draft: ExpectTextDoc = ExpectTextDoc()
    notes: ExpectTextDoc = ExpectTextDoc()


class CaseDoc(Doc):
    facts: list[dict[str, Any]]
    expect: ExpectDoc
    waive: Waivers = {}


class StoryCaseDoc(CaseDoc):
    """A case whose facts are to be read from a story; ``not_read``: kinds that it names and does not tell of."""

    story: StoryText
    expect: ExpectDoc = ExpectDoc()
    not_read: list[Name] = []


def _sort_of_case(value: object) -> str:
    with_story = isinstance(value, StoryCaseDoc) or (isinstance(value, dict) and "story" in value)
    return "with story" if with_story else "without story"


AnyCaseDoc = Annotated[
    Annotated[CaseDoc, Tag("without story")] | Annotated[StoryCaseDoc, Tag("with story")], Discriminator(_sort_of_case)
]


IdentifierOrIdentifiers = Annotated[
    Annotated[Identifier, Tag("text")] | Annotated[list[Identifier], Tag("list"), Field(min_length=1)], by_shape
]


class PromiseDoc(Declaration):
    """What holds of every answer; with ``change`` or ``add``, of two answers to records that differ in that alone."""

    when: list[PatternOrName] = []
    unless: list[PatternOrName] = []
    where: ExpressionText | None = None
    change: Annotated[dict[ChangedPlace, Constant], Field(min_length=1, max_length=1)] | None = None
    add: Name | None = None
    always: ExpressionText | None = None
    never: ExpressionText | None = None
    help: Prose = ""


class RulebaseDoc(Doc):
    name: Identifier
    version: Annotated[str, StringConstraints(pattern=VERSION)]


class PackDoc(Doc):
    """One rule pack. See docs/rule-packs.md."""

    schema_version: Annotated[Literal[1], BeforeValidator(_not_true), Field(alias="schema")]
    pack: Identifier
    title: ShortText | None = None
    rulebase: RulebaseDoc | None = None
    extends: IdentifierOrIdentifiers | None = None
    constants: Annotated[dict[Name, ConstantItem], Field(max_length=FIXED.items)] = {}
    roles: dict[GivenRole, RoleDoc] = {}
    kinds: dict[Name, KindDoc] = {}
    rules: dict[Identifier, RuleDoc] = {}
    tables: dict[Identifier, TableDoc] = {}
    disable: Annotated[list[Identifier], Field(max_length=FIXED.items)] = []
    actions: dict[Name, ActionDoc] = {}
    sources: dict[Identifier, SourceDoc] = {}
    usual: dict[FieldPlace, UsualDoc] = {}
    promises: Annotated[dict[ShortText, PromiseDoc], Field(max_length=FIXED.items)] = {}
    words: dict[Name, KindWordsDoc] = {}
    terms: dict[Name, Wordings] = {}
    scale: ScaleDoc = ScaleDoc()
    cases: dict[ShortText, AnyCaseDoc] = {}
