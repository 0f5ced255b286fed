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

    def __post_init__(self) -> None:
        super().__init__()
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in given.items()]
        if tag == "input" and given.get("name"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.pairs.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option":
            self._options.append((given["value"], "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self.pairs.append((self._select, chosen[-1]))
            self._select = None

    def handle_data(self, data: str) -> None:
        self.text += data

    def post(self, **button: str) -> bytes:
        """The body that it would post, with the button that was pressed."""
        return urlencode([*self.pairs, *button.items()]).encode()


def read(html: bytes) -> Form:
    form = Form()
    form.feed(html.decode())
    form.close()
    return form
