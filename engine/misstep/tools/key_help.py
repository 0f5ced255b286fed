"""What each key of a pack means, with an example, for editors: ``misstep schema pack`` puts it into the JSON Schema.

docs/rule-packs.md explains the keys at length. ``tests/authoring/test_pack_schema.py`` requires an entry for every key, and an
example that the schema takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from misstep.language.effects import DIMENSIONS
from misstep.rulebase import schema

NameSort = Literal[
    "actions",
    "bands",
    "channels",
    "concerns",
    "derived",
    "facts",
    "fields",
    "harms",
    "kinds",
    "levels",
    "mends",
    "mistakes",
    "occasions",
    "outlooks",
    "packs",
    "parts",
    "rules",
    "sources",
    "urgencies",
    "verdicts",
]
"""Names of a rule base; ``facts``: what a pattern can look at."""


class KeyHelp(NamedTuple):
    """What a key means, an example of its value, and which names complete it: as its value, or as the keys of a mapping."""

    text: str
    example: object = None
    names: NameSort | None = None


_EXPRESSION = "in Python's spelling: minutes >= 5 and not notified"
_TEMPLATE = "A template: {{ minutes }}, {% if notified %} ... {% endif %}."
_WHEN = {
    "when": KeyHelp(
        "Patterns that must all match. The rule fires once for every way to match them.",
        ["late_arrival", {"fact": "interview", "where": "moment == 'after'"}],
        "facts",
    ),
    "unless": KeyHelp("Patterns none of which may match; they see the names of `when`.", ["apology_given"], "facts"),
    "where": KeyHelp(
        f"One more condition over all names, {_EXPRESSION}", "late_arrival.minutes >= 5 and not late_arrival.notified"
    ),
    "because": KeyHelp("The reason that people see; {NAME.FIELD} stands for the value.", "{late_arrival.minutes} minutes late"),
    "title": KeyHelp("What it is about, for lists and pages.", "The later, the worse"),
    "help": KeyHelp("More about it, as when it does not apply.", "Not for a talk over the telephone."),
    "sources": KeyHelp("What it rests on: ids of `sources`.", ["practice"], "sources"),
}
_MESSAGE_TEXT = KeyHelp(_TEMPLATE, "Kind regards")
_FOR_LIST = KeyHelp("The mistakes it is for: the name of a fact of `when`, or a list of names.", "late_arrival")
_RANGE = "a number, or LOW..HIGH with both ends"
_OF_FINDING = {
    score: KeyHelp(f"The {score} of the mistake: {_RANGE}.", example)
    for score, example in (("severity", "3..4.5"), ("noticed", "0.5..1"), ("urgency", 3), ("damage", "20..40"))
}

HELP: Mapping[type[schema.Doc], Mapping[str, KeyHelp]] = {
    schema.PackDoc: {
        "": KeyHelp("A pack: one file of a rule base. docs/rule-packs.md has the language."),
        "schema": KeyHelp("The number of the language in which the pack is written.", 1),
        "pack": KeyHelp("Its name, which no other pack has.", "punctuality"),
        "title": KeyHelp("Its name for people.", "Being on time"),
        "rulebase": KeyHelp("Name and version of the rule base, in one of its packs.", {"name": "bakery", "version": "1.0.0"}),
        "extends": KeyHelp(
            "The shipped packs that it builds on: misstep (all of them), or names of single ones.", "misstep", "packs"
        ),
        "constants": KeyHelp("Values with a name, for every expression of every pack.", {"long_wait": 15}),
        "roles": KeyHelp(
            "Fields that every kind of a role has.", {"mistake": {"fields": {"times": {"type": "integer", "default": 1}}}}
        ),
        "kinds": KeyHelp("The sorts of facts, by name.", {"late_arrival": {"role": "mistake", "title": "Arrived late"}}),
        "rules": KeyHelp("The rules, by id.", {"late": {"when": ["late_arrival"], "then": {"severity": 3}, "because": "late"}}),
        "tables": KeyHelp(
            "Decision tables, by id: each row is a rule.",
            {"late": {"when": ["late_arrival"], "inputs": ["late_arrival.minutes"], "rows": [["> 5"]], "then": {"severity": 3}}},
        ),
        "disable": KeyHelp("Rules and tables of other packs that are turned off.", ["late-arrival.minutes"], "rules"),
        "actions": KeyHelp("What can be done, by name.", {"brief_apology": {"title": "Apologise once"}}),
        "sources": KeyHelp("What rules rest on, by id.", {"vault-2008": {"title": "A poll of managers", "kind": "survey"}}),
        "promises": KeyHelp(
            "What must hold of every answer, by a sentence that says it; `misstep prove` looks for one that breaks it.",
            {"a plan never adds to the damage": {"always": "damage_after <= damage"}},
        ),
        "usual": KeyHelp(
            "How often each answer to a field is true where nobody says it; no score depends on it.",
            {"late_arrival.notified": {"answers": {"true": 30, "false": 70}, "sources": ["practice"]}},
            "fields",
        ),
        "words": KeyHelp("How people tell of a kind, for `suggest`.", {"late_arrival": {"says": ["came too late"]}}, "kinds"),
        "terms": KeyHelp("Words of one sort, which wordings share.", {"boss": ["boss", "manager"]}),
        "scale": KeyHelp("The constants of the scoring: bands, levels, verdicts, the plan and the message."),
        "cases": KeyHelp(
            "Facts, and what must come of them; `misstep test` runs them.",
            {"ten minutes": {"facts": [{"kind": "late_arrival"}], "expect": {"fires": ["late-arrival"]}}},
        ),
    },
    schema.Declaration: {
        "replace": KeyHelp("true: it takes the place of the one of this name in another pack.", True),
        "waive": KeyHelp(
            "Remarks of `misstep check` that are meant, by their code, each with the reason.", {"gap": "5 has a rule of its own"}
        ),
    },
    schema.RulebaseDoc: {
        "": KeyHelp("Name and version of the rule base; both stand in every answer."),
        "name": KeyHelp("The name of the rule base.", "bakery"),
        "version": KeyHelp("Its version, up to three numbers.", "1.2.0"),
    },
    schema.ConstantDoc: {
        "": KeyHelp("A value with a name: the value alone, or a mapping."),
        "value": KeyHelp("The value: a number, true or false, a text, or a list of words or numbers.", 15),
        "expression": KeyHelp("The value as computed from other constants.", "2 * long_wait"),
        "help": KeyHelp("What it stands for.", "From here on nobody waits any more."),
    },
    schema.RoleDoc: {
        "": KeyHelp("A role: what all of its kinds have in common."),
        "fields": KeyHelp("The fields that every kind of the role has.", {"times": {"type": "integer", "default": 1}}),
    },
    schema.FieldDoc: {
        "": KeyHelp("A field of a fact. With neither a default nor a ? behind the type it must be given."),
        "type": KeyHelp("The type of its values. With a ? it may be left out, and is then unknown.", "integer"),
        "values": KeyHelp("The words of an enum or set.", ["unknown", "ignored", "apologised"]),
        "ordered": KeyHelp("true: the words of an enum go from low to high, so that rules can compare them.", True),
        "default": KeyHelp("The value where a record says none.", 10),
        "min": KeyHelp("The least number that it takes.", 1),
        "max": KeyHelp("The greatest number that it takes.", 1440),
        "unit": KeyHelp("The unit of a number, for people.", "minutes"),
        "worse": KeyHelp("Which change makes things worse: higher, lower, or a value.", "higher"),
        "help": KeyHelp("What to state, for people.", "minutes after the agreed time"),
        "title": KeyHelp("Its name for people.", "How late"),
        "words": KeyHelp(
            "A sentence for each value of an enum or set, or for true and false.", {"ignored": "Nobody said a word."}
        ),
        "was": KeyHelp("Its old name, or names: records may still use them.", "delay"),
    },
    schema.KindDoc: {
        "": KeyHelp("A kind: a sort of fact that a record can state, or that rules conclude."),
        "role": KeyHelp(
            "mistake: it is scored. signal: a sign of something. strength: what went well. setting: about the whole, once. "
            "derived: rules conclude it.",
            "mistake",
        ),
        "title": KeyHelp("What people call it, in a few words.", "Arrived late"),
        "help": KeyHelp("What falls under it.", "Came after the agreed time, however little."),
        "topic": KeyHelp("The list that it stands in; left out: the pack.", "punctuality"),
        "concern": KeyHelp("What a mistake calls into doubt.", "manners", "concerns"),
        "harm": KeyHelp("What a mistake did to the other side; left out: that of its concern.", "wronged", "harms"),
        "mend": KeyHelp("What can make a mistake good; left out: that of its concern.", "regret", "mends"),
        "word": KeyHelp(
            f"Two sentences to the person: what it usually means to others. {_TEMPLATE}", "It weighs less than it seems."
        ),
        "advice": KeyHelp(
            f"How an action is done for it, in place of the text of the action. {_TEMPLATE}",
            {"brief_apology": "Name the minutes."},
            "actions",
        ),
        "assumed": KeyHelp(
            "Of a setting: where a record has none it is there with its defaults, and this stands in the notes.",
            "It is after the interview.",
        ),
        "said": KeyHelp(f'What stands behind "I am sorry for". {_TEMPLATE}', "arriving {{ minutes }} minutes late"),
        "repair": KeyHelp(f"The sentences of a letter that put it right. {_TEMPLATE}", "The right figure is {{ right }}."),
        "was": KeyHelp("Its old name, or names: records may still use them.", "came_late"),
        "keep": KeyHelp("each: every firing concludes a fact of its own, even an equal one.", "each"),
        "fields": KeyHelp(
            "Its own fields, besides those of its role.", {"minutes": {"type": "integer", "min": 1, "default": 10}}
        ),
    },
    schema.PatternDoc: {
        "": KeyHelp(
            "A pattern: which facts are looked at, or counted. One of fact, exists, count, sum, min, max, average, distinct."
        ),
        "fact": KeyHelp(
            "A fact of this kind, of one of several kinds, or of a role; or a finding, or the outlook.", "late_arrival", "facts"
        ),
        "exists": KeyHelp("Whether there is such a fact: the rule fires once, however many there are.", "apology_given", "facts"),
        "count": KeyHelp("How many such facts there are.", "mistake", "facts"),
        "sum": KeyHelp("The sum of `of` over such facts.", "bill", "facts"),
        "min": KeyHelp("The least `of` of such facts; without one the pattern does not match.", "bill", "facts"),
        "max": KeyHelp("The greatest `of` of such facts; without one the pattern does not match.", "bill", "facts"),
        "average": KeyHelp("The average of `of` over such facts; without one the pattern does not match.", "bill", "facts"),
        "distinct": KeyHelp("How many different values `of` has over such facts.", "bill", "facts"),
        "of": KeyHelp("The value to add or compare, an expression; of a finding: its kind or kinds.", "amount", "kinds"),
        "by": KeyHelp("Names of keys, each an expression: one match for each different key.", {"which": "team"}),
        "as": KeyHelp("The name of the fact, or of the number, in the rest of the rule.", "late"),
        "each": KeyHelp("The name of the counted fact, where its kind's name would clash.", "other"),
        "where": KeyHelp(f"A condition, {_EXPRESSION}. Fields of its own fact need no name before them.", "minutes >= 5"),
        "least": KeyHelp("Of all facts that fit, the one with the least value.", "rank"),
        "most": KeyHelp("Of all facts that fit, the one with the greatest value.", "rank"),
    },
    schema.ThenDoc: {
        "": KeyHelp("What follows: effects on scores, conclusions, advice."),
        "severity": KeyHelp(
            "Adds to the severity of the mistake, 0 to 10: of ten people, how many would hold it against one.",
            "curve(late_arrival.minutes, (1, 0.5), (30, 6))",
        ),
        "noticed": KeyHelp("Adds doublings of the odds that it was noticed: 2 makes them four times as long, -1 halves them.", 2),
        "urgency": KeyHelp("Adds to the urgency, 0 to 10.", 3),
        "relief": KeyHelp("Takes off the severity, after it has been limited to 0 to 10.", 1.5),
        "overall": KeyHelp("Adds to the severity of the whole.", 1),
        "verdict": KeyHelp("The verdict of the mistake is at least this.", "follow_up", "verdicts"),
        "outlook": KeyHelp("The outlook is at most this good.", "narrow", "outlooks"),
        "derive": KeyHelp("Concludes a fact of a derived kind, or several.", {"kind": "unreliable", "about": "late_arrival.id"}),
        "recommend": KeyHelp("An action to do, or several.", "brief_apology", "actions"),
        "veto": KeyHelp("An action that is not to be done, or several.", "phone_call", "actions"),
        "note": KeyHelp("A remark for the notes of the answer; {NAME.FIELD} stands for the value.", "The price is {total}."),
    },
    schema.RuleDoc: {
        "": KeyHelp("A rule: when these facts are there, then this follows, because of that."),
        **_WHEN,
        "then": KeyHelp("What follows: one effect or more.", {"severity": 3, "noticed": 2}),
    },
    schema.TableDoc: {
        "": KeyHelp("A decision table: rows of cells over several inputs. Each row is a rule, ID.1, ID.2 and so on."),
        **_WHEN,
        "inputs": KeyHelp("Expressions, a column each; a mapping names the columns.", ["s.salt", "s.heat"]),
        "outputs": KeyHelp("Names of the columns behind the inputs, for `then` and `because`.", ["points", "why"]),
        "hit": KeyHelp("unique: one row for each case. first: of several rows the first holds. collect: all hold.", "first"),
        "gaps": KeyHelp("allowed: there are cases that no row takes, on purpose.", "allowed"),
        "rows": KeyHelp(
            "The rows: -, some | none, >= 5, 5..9, unknown for inputs; then the outputs.", [["none | some", ">= 50", 2, "cold"]]
        ),
        "csv": KeyHelp("The rows, in a CSV file in the folder of the pack or below it.", "priority.csv"),
        "then": KeyHelp("What follows, as in a rule; {OUTPUT} stands for a cell of the row.", {"severity": "{points}"}),
    },
    schema.AddDoc: {
        "": KeyHelp("An amount for one of several mistakes of the rule."),
        "for": KeyHelp("The mistake that it goes to: the name of a fact of `when`.", "late_arrival"),
        "add": KeyHelp("The amount: a number or an expression.", "late_arrival.minutes / 10"),
    },
    schema.VerdictDoc: {
        "": KeyHelp("A verdict for one of several mistakes of the rule."),
        "for": KeyHelp("The mistake that it is for: the name of a fact of `when`.", "late_arrival"),
        "at_least": KeyHelp("The verdict is at least this.", "follow_up", "verdicts"),
    },
    schema.RecommendDoc: {
        "": KeyHelp("An action that is recommended."),
        "action": KeyHelp("The action.", "brief_apology", "actions"),
        "for": _FOR_LIST,
        "relief": KeyHelp("How much of the severity it takes back, in place of that of the action.", 1.5),
        "due_hours": KeyHelp("Hours from now until it is due, in place of those of the action.", 24),
    },
    schema.VetoDoc: {
        "": KeyHelp("An action that is not to be done."),
        "action": KeyHelp("The action.", "phone_call", "actions"),
        "for": _FOR_LIST,
    },
    schema.ActionDoc: {
        "": KeyHelp("An action: something to do about a mistake."),
        "title": KeyHelp("What it is, as an order.", "Apologise once"),
        "reach": KeyHelp(
            "repairs: deals with the mistake towards others. plain: contact without a word of it. private: alone.", "repairs"
        ),
        "channel": KeyHelp(
            "How it can be done, one way or several; left out: any way that is open.", ["phone", "message"], "channels"
        ),
        "occasion": KeyHelp("When it is done, where it is not that of its channel.", "before_next_time", "occasions"),
        "leads": KeyHelp("true: where it is planned, other actions go over its channel too, if they can.", True),
        "excludes": KeyHelp("Actions that are not done for the same mistake, or all of a reach.", ["brief_apology"], "actions"),
        "effort_minutes": KeyHelp("How long it takes, for pages alone.", 15),
        "due_hours": KeyHelp("Hours from now until it is due.", 24),
        "group": KeyHelp("At most one action of a group is in a plan.", "apology"),
        "relief": KeyHelp("What it takes back of the severity of the mistakes that it is for.", {"severity": 1}),
        "text": KeyHelp("How to do it.", "One sentence that owns it, one that puts it right."),
        "clause": KeyHelp("What it is inside of a sentence; left out: the title.", "one sentence of apology"),
        "says": KeyHelp(f"Its words in the message. {_TEMPLATE}", "I am sorry for {{ said }}."),
        "part": KeyHelp("Where in the message its words stand.", "apology", "parts"),
        "next_time": KeyHelp("true: it helps with the next chance, not with this one.", True),
    },
    schema.ReliefDoc: {
        "": KeyHelp("What an action takes back."),
        "severity": KeyHelp("Points of severity.", 1),
    },
    schema.ExcludedDoc: {
        "": KeyHelp("All actions of a reach."),
        "reach": KeyHelp("The reach.", "repairs"),
    },
    schema.SourceDoc: {
        "": KeyHelp("A source: published evidence, or what stands in for it."),
        "title": KeyHelp("Who said it, of how many people, where.", "A poll of 150 managers, US"),
        "kind": KeyHelp("What sort of source it is. practice: nothing published, judgement alone.", "survey"),
        "year": KeyHelp("The year that it is of.", 2008),
        "place": KeyHelp("Where those who were asked are.", "US"),
        "sample": KeyHelp("How many were asked, or took part.", 2500),
        "statements": KeyHelp(
            "What it says of single kinds.", [{"of": "late_arrival", "says": "would not hire for it", "share": 55}]
        ),
        "figure": KeyHelp("What it says, in our own words, with its figures.", "19 % would disqualify at ten minutes"),
        "url": KeyHelp("Where it can be read.", "https://example.org/poll"),
    },
    schema.StatementDoc: {
        "": KeyHelp("A statement of a source about a kind."),
        "of": KeyHelp("The kind.", "late_arrival", "kinds"),
        "says": KeyHelp("What it says, in our own words.", "would not hire for it"),
        "share": KeyHelp("Percent of those who were asked.", 55),
    },
    schema.UsualDoc: {
        "": KeyHelp("How often each answer to a field is true of those who leave it out."),
        "answers": KeyHelp("Each answer with its weight; the sum is free.", {"neutral": 70, "annoyed": 30}),
        "sources": KeyHelp("What the weights rest on.", ["practice"], "sources"),
    },
    schema.FieldWordsDoc: {
        "": KeyHelp("How people tell of a field."),
        "says": KeyHelp("Wordings for each value.", {"ignored": ["said nothing"]}),
        "near": KeyHelp("Words near which its number stands.", ["late"]),
        "counts": KeyHelp("Words for what its number counts.", ["slice"]),
        "told_with": KeyHelp("Words one of which its clause must have, unless it tells of a slip.", ["breakfast"]),
        "against": KeyHelp("Wordings that say that it is not meant.", ["slice of ham"]),
    },
    schema.KindWordsDoc: {
        "": KeyHelp("How people tell of a kind. docs/own-words.md has all of it."),
        "says": KeyHelp("Wordings that tell of it.", ["dropped the toast"]),
        "examples": KeyHelp("Whole sentences that tell of it.", ["The toast fell butter side down."]),
        "against": KeyHelp("Wordings that say that it is not meant.", ["nearly dropped"]),
        "instead_of": KeyHelp("Kinds that are not read where this one is.", ["burnt_toast"], "kinds"),
        "fields": KeyHelp("How people tell of its fields.", {"slices": {"counts": ["slice"]}}),
    },
    schema.ScaleDoc: {
        "": KeyHelp("The scale: every constant of the scoring. Only `severity` must be there."),
        "concerns": KeyHelp("What a mistake may call into doubt.", {"values": ["manners", "competence"]}),
        "harms": KeyHelp("What a mistake may do to the other side.", {"values": ["wronged", "misled"]}),
        "mends": KeyHelp("What can make a mistake good.", {"values": ["regret", "rest"]}),
        "severity": KeyHelp("The bands of severity, from 0 to 10.", {"bands": {"low": 0, "high": 5}}),
        "noticed": KeyHelp(
            "The levels of the chance that it was noticed; left out: everything is noticed.",
            {"levels": {"hidden": 0, "seen": 0.5}},
        ),
        "urgency": KeyHelp(
            "The levels of urgency, from 0 to 10; left out: nothing is urgent.", {"levels": {"later": 0, "now": 5}}
        ),
        "overall": KeyHelp(
            "How much a severity counts towards the whole, by the level of notice.", {"weights": {"hidden": 0.5, "seen": 1}}
        ),
        "verdicts": KeyHelp(
            "The verdicts, and which of them holds; left out: the band is the verdict.",
            {"order": ["wait", "act"], "table": {"low": "wait", "high": "act"}},
        ),
        "outlooks": KeyHelp("How the whole may stand, from best to worst.", {"order": ["open", "closed"]}),
        "plan": KeyHelp("How the plan is made.", {"max_actions": 3}),
        "message": KeyHelp("How messages are put together.", {"channels": ["message"], "max_words": 150}),
        "words": KeyHelp("The words of the field, for answers, reports and pages.", {"record": {"one": "day", "many": "days"}}),
    },
    schema.ConcernsDoc: {
        "": KeyHelp("Words that kinds declare."),
        "values": KeyHelp("The words.", ["manners", "competence", "integrity"]),
    },
    schema.TraitDoc: {
        "": KeyHelp("Words that kinds declare, and what holds for a kind that declares none."),
        "by_concern": KeyHelp("The word of kinds that declare none, by their concern.", {"manners": "wronged"}, "concerns"),
    },
    schema.SeverityScaleDoc: {
        "": KeyHelp("The bands of severity."),
        "bands": KeyHelp("Each band with its lower end, ascending, from 0 to 10.", {"low": 0, "medium": 4, "high": 7}),
    },
    schema.UrgencyScaleDoc: {
        "": KeyHelp("The levels of a score."),
        "levels": KeyHelp("Each level with its lower end, ascending.", {"low": 0, "high": 6}),
    },
    schema.NoticedScaleDoc: {
        "": KeyHelp("The levels of the chance that something was noticed, from 0 to 1."),
        "start": KeyHelp("Where every mistake begins, in doublings of even odds.", 0),
    },
    schema.OverallScaleDoc: {
        "": KeyHelp("How much a severity counts towards the whole."),
        "weights": KeyHelp("The weight, from 0 to 1, by the level of notice.", {"hidden": 0.5, "seen": 1}, "levels"),
    },
    schema.OutlooksDoc: {
        "": KeyHelp("How the whole may stand."),
        "order": KeyHelp("The words: of outlooks from best to worst, of verdicts from mildest to worst.", ["open", "closed"]),
    },
    schema.VerdictsDoc: {
        "": KeyHelp("Which verdict holds, by severity, notice and urgency."),
        "table": KeyHelp(
            "By band, then by level of notice, a verdict for each level of urgency; one word may stand for all of them.",
            {"low": "wait", "high": ["wait", "act"]},
            "bands",
        ),
    },
    schema.OccasionDoc: {
        "": KeyHelp("An occasion to act."),
        "title": KeyHelp("Its name for people.", "One message"),
    },
    schema.ActWithinDoc: {
        "": KeyHelp("Verdicts that call for a step towards the other side."),
        "hours": KeyHelp("Within how many hours, by verdict.", {"act_now": 4}, "verdicts"),
        "otherwise": KeyHelp("The verdict of the record where there is no such step.", "nothing_to_send"),
    },
    schema.PlanDoc: {
        "": KeyHelp("How the plan is made of what rules recommend."),
        "max_actions": KeyHelp("How many actions a plan has at most.", 5),
        "max_relief": KeyHelp("Which share of a severity all repairs together can take back at most.", 0.6),
        "occasions": KeyHelp("The occasions to act, as they follow in time.", {"now": {"title": "Now"}}),
        "ways": KeyHelp("The derived kind by which rules say which channels are open.", "way", "derived"),
        "private": KeyHelp("The occasion of what is done alone.", "before_next_time", "occasions"),
        "act_within": KeyHelp(
            "Within how many hours a verdict calls for a step.", {"hours": {"act_now": 4}, "otherwise": "nothing_to_send"}
        ),
        "headline": KeyHelp(f"The answer in one sentence. {_TEMPLATE}", "{% if not wrong %}Nothing went wrong.{% endif %}"),
    },
    schema.PartDoc: {
        "": KeyHelp("A part of the message."),
        "part": KeyHelp("Its name.", "apology", "parts"),
        "sentences": KeyHelp("How many sentences it has at most.", 2),
        "last": KeyHelp("false: a message does not end on it.", False),
        "says": KeyHelp(f"What it says where no action does. {_TEMPLATE}", "Thank you for your time."),
    },
    schema.MessageDoc: {
        "": KeyHelp("How messages are put together."),
        "channels": KeyHelp("The channels that are written.", ["message"], "channels"),
        "spoken": KeyHelp(
            "The channels that are spoken, each with its opening.", {"phone": "Hello, this is [your name]."}, "channels"
        ),
        "max_words": KeyHelp("How many words a message has at most.", 150),
        "parts": KeyHelp("The parts of a message, in their order.", ["apology", "thanks"], "parts"),
        "subject": _MESSAGE_TEXT._replace(example="Our conversation"),
        "opening": _MESSAGE_TEXT._replace(example="Hello,"),
        "closing": _MESSAGE_TEXT,
    },
    schema.NounDoc: {
        "": KeyHelp("A noun."),
        "one": KeyHelp("One of them.", "incident"),
        "many": KeyHelp("Several of them.", "incidents"),
    },
    schema.PageSectionDoc: {
        "": KeyHelp("A section of the page."),
        "title": KeyHelp("Its heading.", "What is broken"),
        "lead": KeyHelp("The line under it.", "Each fault on its own."),
    },
    schema.PageExampleDoc: {
        "": KeyHelp("A story to try."),
        "title": KeyHelp("What it is called.", "A night of errors"),
        "story": KeyHelp("The story, in people's own words.", "The shop was down for an hour."),
        "said": KeyHelp("What somebody who knows said of it.", "They rolled back."),
        "source": KeyHelp("Where that was said.", "A review of 2025"),
        "url": KeyHelp("Where it can be read.", "https://example.org/review"),
    },
    schema.PageHelpDoc: {
        "": KeyHelp("Where to get more help."),
        "title": KeyHelp("Who helps.", "The people on call"),
        "text": KeyHelp("What they do.", "They know the shop."),
        "url": KeyHelp("Where they are.", "https://example.org/help"),
    },
    schema.PageWordsDoc: {
        "": KeyHelp("Words of the page for people."),
        "title": KeyHelp("Its heading; left out: the name of the rule base.", "What is broken?"),
        "lead": KeyHelp("What to do on it.", "Say what is broken. You will see what to do first."),
        "waiting": KeyHelp("What stands above the field for the story.", "A sentence is enough."),
        "example": KeyHelp("Words to search for, as an example.", "the shop is down"),
        "closing": KeyHelp("What stands at its end.", "These rules are reviewed every quarter."),
        "sections": KeyHelp(
            "Heading and first line of the section of each role.",
            {"mistake": {"title": "What is broken", "lead": "Each fault on its own."}},
        ),
        "examples": KeyHelp("Stories to try.", [{"title": "A night of errors", "story": "The shop was down for an hour."}]),
        "help": KeyHelp("Where to get more help.", [{"title": "The people on call", "text": "They know the shop."}]),
    },
    schema.WordsDoc: {
        "": KeyHelp("The words of the field, for answers, reports and pages."),
        "record": KeyHelp("What a record is called.", {"one": "incident", "many": "incidents"}),
        "mistake": KeyHelp("What a mistake is called.", {"one": "fault", "many": "faults"}),
        "noticed": KeyHelp("The head of the column of that score.", "visible"),
        "other_side": KeyHelp("At whom actions are directed.", "the customers"),
        "damage": KeyHelp(
            'What damage is; it ends the sentence "Damage is ...".', "the chance in percent that one of them hurts"
        ),
        "report": KeyHelp("The first lines of a report.", "Damage is the chance in percent that a customer leaves."),
        "page": KeyHelp("Words of the page for people.", {"title": "What is broken?"}),
        "replace": KeyHelp("true: it takes the place of the words of another pack.", True),
    },
    schema.PromiseDoc: {
        **{key: _WHEN[key] for key in ("when", "unless", "where")},
        "": KeyHelp("What must hold of every answer: docs/promises-of-rules.md. `misstep prove` proves or refutes it."),
        "change": KeyHelp(
            "One field that is changed: to a value, to `any`, or to what is `worse`; the answers before and after are compared.",
            {"late_arrival.minutes": "worse"},
        ),
        "add": KeyHelp("A kind or role of which a fact is added; the answers before and after are compared.", "mistake", "facts"),
        "always": KeyHelp("What holds of every answer, or of every two.", "after.damage >= before.damage"),
        "never": KeyHelp("What holds of none.", "verdict == 'act_now' and 'repairs' not in reaches"),
        "help": KeyHelp("Why it must hold, for whoever reads the pack.", "Owning up must pay."),
    },
    schema.CaseDoc: {
        "": KeyHelp("A case: facts, and what must come of them."),
        "facts": KeyHelp("The facts, as in a record.", [{"kind": "late_arrival", "minutes": 12}], "kinds"),
        "expect": KeyHelp("What must come of them.", {"fires": ["late-arrival"], "band": "minor"}),
        "waive": KeyHelp(
            "Remarks of `misstep check` that are meant, by their code, each with the reason.", {"idle-case": "it need only run"}
        ),
    },
    schema.StoryCaseDoc: {
        "": KeyHelp("A case whose facts are to be read from a story in people's own words."),
        "story": KeyHelp("The story.", "I came twelve minutes late."),
        "not_read": KeyHelp("Kinds that the story names and does not tell of.", ["no_show"], "kinds"),
    },
    schema.ExpectDoc: {
        "": KeyHelp("What must come of the facts of a case; all of it must hold."),
        "fires": KeyHelp("Rules that fire.", ["late-arrival"], "rules"),
        "quiet": KeyHelp("Rules that do not fire.", ["late-arrival.offer-another-time"], "rules"),
        "damage": KeyHelp(f"The damage: {_RANGE}.", "30..50"),
        "damage_after": KeyHelp(f"The damage once the plan is carried out: {_RANGE}.", "10..20"),
        "band": KeyHelp("The band of the whole.", "moderate", "bands"),
        "verdict": KeyHelp("The verdict of the whole.", "act_today", "verdicts"),
        "outlook": KeyHelp("The outlook.", "open", "outlooks"),
        "acts": KeyHelp("Whether the plan has a step towards the other side.", True),
        "because": KeyHelp("Rules among the reasons, and what they add.", {"include": ["late-arrival"]}),
        "steps": KeyHelp("The occasions of the steps of the plan.", {"first": "message"}, "occasions"),
        "headline": KeyHelp("Words of the headline.", {"include": ["Write once"]}),
        "draft": KeyHelp("Words of the messages.", {"exclude": ["sorry"]}),
        "notes": KeyHelp("Words of the notes.", {"include": ["The price is 570."]}),
        "findings": KeyHelp("The scores of single mistakes, by id or kind.", {"late_arrival": {"severity": "2..3"}}, "mistakes"),
        "actions": KeyHelp("What is in the plan.", {"first": "brief_apology"}),
        "avoid": KeyHelp("Actions that are advised against.", {"include": ["phone_call"]}, "actions"),
        "derived": KeyHelp("The kinds of facts that are concluded.", {"include": ["unreliable"]}, "derived"),
    },
    schema.ExpectFindingDoc: {
        "": KeyHelp("The scores of a mistake."),
        **_OF_FINDING,
        "severity_band": KeyHelp("The band of its severity.", "moderate", "bands"),
        "noticed_level": KeyHelp("The level of its notice.", "noticed", "levels"),
        "urgency_level": KeyHelp("The level of its urgency.", "high", "urgencies"),
        "verdict": KeyHelp("Its verdict.", "follow_up", "verdicts"),
        "because": KeyHelp("Rules among its reasons, and what they add.", {"include": ["late-arrival"]}),
    },
    schema.ExpectTextDoc: {
        "": KeyHelp("Words that a text has in it, or has not."),
        "include": KeyHelp("These words are in it.", ["Write once"]),
        "exclude": KeyHelp("These are not.", ["sorry"]),
    },
    schema.ExpectReasonDoc: {
        "": KeyHelp("What a rule adds to each score, all its firings together."),
        **{score: KeyHelp(f"What it adds to {score}: {_RANGE}.", "0.5..2") for score in DIMENSIONS if score != "verdict"},
    },
    schema.ExpectReasonsDoc: {
        "": KeyHelp("Rules among the reasons; and, by the id of a rule, what it adds."),
        "include": KeyHelp("These rules are among them.", ["late-arrival"], "rules"),
        "exclude": KeyHelp("These are not.", ["late-arrival.nobody-told"], "rules"),
    },
    schema.ExpectActionDoc: {
        "": KeyHelp("What is expected of an action of the plan."),
        "for": KeyHelp("All mistakes that it is for, by id or kind.", ["late_arrival"], "mistakes"),
        "due_hours": KeyHelp(f"When it is due: {_RANGE}.", "0..24"),
        "occasion": KeyHelp("Its occasion.", "message", "occasions"),
        "channel": KeyHelp("Its channel.", "email", "channels"),
    },
    schema.ExpectStepsDoc: {
        "": KeyHelp("The occasions of the steps of the plan."),
        "first": KeyHelp("The occasion of the first step.", "message", "occasions"),
    },
    schema.ExpectDerivedDoc: {
        "": KeyHelp("Kinds of facts that are concluded; and, by the kind, the values of their fields."),
    },
    schema.ExpectListDoc: {
        "": KeyHelp("What is in a list, and what is not."),
        "include": KeyHelp("These are in it.", ["brief_apology"]),
        "exclude": KeyHelp("These are not.", ["phone_call"]),
    },
    schema.ExpectActionsDoc: {
        "": KeyHelp("What is in the plan, and what is not."),
        "include": KeyHelp("These actions are in the plan.", ["brief_apology"], "actions"),
        "exclude": KeyHelp("These are not.", ["phone_call"], "actions"),
        "first": KeyHelp("The first action of the plan.", "brief_apology", "actions"),
    },
}


def help_of(model: type[schema.Doc], key: str) -> KeyHelp | None:
    """The entry of a key, or of the model for an empty key: its own or that of a model that it is made from."""
    return next((HELP[base][key] for base in model.__mro__ if base in HELP and key in HELP[base]), None)
