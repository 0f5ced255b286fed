"""The kind of an error of misstep, from its message: the suite asks for kinds, and misstep has messages alone.

``fixtures/conformance/suite.yaml`` says what the kinds mean.
"""

from __future__ import annotations

import re

WORDS_OF_KINDS = (
    ("text", r"^not (valid YAML|a template|an expression|CSV)|^values are compared"),
    ("text", r"^'[\w ]+' stands in a condition of its own"),
    ("unknown", r"may be unknown; let|is always known|never unknown"),
    ("rows", r"no row takes|^takes .*, as \S+ in line|is never the first|the input is never so"),
    ("cycle", r"is computed from|is excluded by|cannot exclude itself|depends on (itself|what)"),
    ("taken", r"meaning of its own|word of the expression language; choose|stands? (in \S+ too|twice)"),
    ("taken", r"is in \S+:\d+:\d+ too"),
    ("taken", r"is (bound already|bound twice|a constant too|replaced in|the old name of)"),
    ("taken", r"has the field '\w+' already"),
    ("taken", r"in use; an old name|has the same id|more than once|names of one field"),
    ("taken", r"two (things|columns) (of|have)|has its name in|is the name of an answer|value too"),
    ("taken", r"a value stands twice|is the same answer|word of its own|is read once"),
    ("range", r"is from -?\d|must be (at (most|least)|more than)|must have at most|must not be empty|is at most \d"),
    ("range", r"is empty$"),
    ("range", r"takes? (one argument|\d)|at most \d+ are taken|has at most \d|divi(sor may be|sion by) 0"),
    ("range", r"can become too large"),
    ("range", r"greater than `max`|lower ends|levels deep|default must be a (whole )?number (from|of at)"),
    ("range", r"(not a|be a|default must be) text of at most"),
    ("range", r"from left to right|ends before it begins|too many|is beyond"),
    ("type", r"is no answer|default must be|`worse` is one of|no value of the field|is not text$"),
    ("name", r"is a field; outside|not a name of this rule|is not a derived kind|not a function"),
    ("name", r"which is (not|no) "),
    ("shape", r"unknown key|key '.*' is missing|column '.*' is missing|`kind` is missing|needs a kind"),
    ("shape", r"is a mapping that begins|in schema \d"),
    ("shape", r"\bmust be (a |an |text|true|'|in|one of|the name)|`schema` must|an item of|has (one|either) "),
    ("shape", r"a key must be a word"),
    ("shape", r"has more cells|has \d+ cells?;|lacks '\w+'(;|$)|has a `value`|does not go with|there are no rows"),
    ("shape", r"not (a|the) name|not an id|verdicts? (are|is) needed here"),
    ("name", r"unknown |has no fields?\b|there is no |is neither a name|no concern any more|is no fact"),
    ("name", r"is not '.*', '|renamed to"),
    ("name", r"names occasions|keep it, or replace"),
    ("type", r"never equal|is needed here; this|must be of one type|order is (only )?between|cannot be compared"),
    ("type", r"it is never|words of a list"),
    ("type", r"takes (text|a |one of|true)|not a value of (this|the) field|is not (one of|true|a whole|a number)"),
    ("type", r"for (numbers|text)"),
    ("type", r"looks into|holds constants|expected (a|one)|in` needs|is computed as|only looked into"),
    ("type", r"is a (fact|list)|two constants"),
    ("text", r"part of the (expression|template) language|is written|quot(e|ation)|comma|beyond ASCII|not taken"),
    ("text", r"second document|is not seen"),
    ("text", r"braces hold|UTF-8|arithmetic is|end of a part|there is nothing in|plain arguments|not a value"),
    ("text", r"inside of \{\{"),
    ("use", r""),
)
"""What messages of a kind have in them; the first that fits says the kind."""


def kind_of(message: str) -> str:
    """The kind of the error that a message tells; the message begins with the id of a rule, perhaps."""
    bare = re.sub(r"^[a-z0-9][\w.-]*: ", "", message)
    return next(kind for kind, words in WORDS_OF_KINDS if re.search(words, bare))
