"""A page in; what its form would post out, as a browser does it without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode


@dataclass
class Form(HTMLParser):
    """What a form holds when it comes, and all text of the page."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in given.items()]
        if tag == "input" and given.get("name"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.pairs.append((given["name"], given.get("value", "")))
        elif tag == "button" and given.get("name"):
            self.buttons.append((given["name"], given.get("value", "")))
        elif tag == "textarea":
            self._area = ""
            self.pairs.append((given["name"], ""))
        elif tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option":
            self._options.append((given["value"], "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self.pairs.append((self._select, chosen[-1]))
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:  # the first line break of its content is none
            self._area += data
            self.pairs[-1] = (self.pairs[-1][0], self._area.removeprefix("\n"))
            return
        self.text += data

    def fill(self, **values: str) -> None:
        """Type into fields, or choose there."""
        self.pairs = [(name, values.get(name, value)) for name, value in self.pairs]
        self.pairs += [(name, value) for name, value in values.items() if name not in dict(self.pairs)]

    def untick(self, name: str) -> None:
        """Take the tick out of a box."""
        self.pairs = [pair for pair in self.pairs if pair[0] != name]

    def post(self, **button: str) -> bytes:
        """The body that it would post, with the button that was pressed."""
        return urlencode([*self.pairs, *button.items()]).encode()


def read(html: bytes) -> Form:
    form = Form()
    form.feed(html.decode())
    form.close()
    return form
