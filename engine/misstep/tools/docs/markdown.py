"""Escape text for Markdown.

The pages are read by several dialects of Markdown and at last as HTML: the markup of all of them is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import LiteralString

from markupsafe import Markup

from misstep.errors import printable

PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9/.:?=&%#_~+,;@-]+")

_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_{}[]#"}
    | {sign: f"&#{ord(sign)};" for sign in "|~^$"}  # not every dialect knows them behind a backslash
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_AT_START = re.compile(r"(\d+(?=[.)])|)([-+=:!?.)])(?=\s|$|\2)")


def escape(text: object) -> Markup:
    """Text on one line, escaped; Markdown stays as it is."""
    if hasattr(text, "__html__"):
        return Markup(text)
    line = printable(" ".join(str("" if text is None else text).split()))
    start = _AT_START.match(line)  # a list, a rule, an underlined heading, an admonition
    before, rest = (f"{start[1]}&#{ord(start[2])};", line[start.end() :]) if start else ("", line)
    marked = rest.translate(_SIGNS).replace("\\]:", "\\]&#58;")  # else `[a\]:` would define a link to some
    return Markup(before + marked)


def code(text: object) -> Markup:
    """Text in the type of programs."""
    line = printable(" ".join(str(text).split()))
    if "`" in line or "|" in line or not line:  # a table would be cut in two
        return Markup(f"<code>{escape(line)}</code>")
    return Markup(f"`{line}`")


def fence(text: str, language: str) -> Markup:
    """A block of text as it stands."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    lines = "\n".join(printable(line) for line in text.expandtabs().splitlines())
    return Markup(f"{ticks}{language}\n{lines}\n{ticks}")


def say(form: LiteralString, *parts: object) -> Markup:
    """Words of ours with a text in the place of each ``{}``."""
    return Markup(form.format(*map(escape, parts)))


def link(text: object, target: str) -> Markup:
    """A link to a page of ours."""
    return Markup(f"[{escape(text)}]({target})")


def address(url: str) -> Markup:
    """An address as a link; one that might end the link early stands there as text."""
    return Markup(f"<{url}>" if PLAIN_ADDRESS.fullmatch(url) else escape(url))


def plain(text: Markup) -> str:
    """Markdown without links as text for a terminal."""
    return _MARKS.sub(lambda mark: mark[1] or mark[2] or html.unescape(mark[3] or ""), str(text))


_MARKS = re.compile(r"`([^`]*)`|\\(.)|(&[#\w]+;)|\*+|</?\w+>")


def joined(parts: Iterable[object], comma: str = ", ", last: str = "") -> Markup:
    """``a, b or c``: Jinja's own ``join`` escapes for HTML only."""
    texts = [str(escape(part)) for part in parts]
    if last and len(texts) > 1:
        texts[-2:] = [f"{texts[-2]} {last} {texts[-1]}"]
    return Markup(comma.join(texts))


def span(text: object, kind: str) -> Markup:
    """Text with a class that the style sheet of the site colors; other readers of Markdown show the text."""
    return Markup(f'<span class="misstep-{kind}">{escape(text)}</span>')
