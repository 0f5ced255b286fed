"""The description of the service as a page: all of it, escaped, with links that lead somewhere, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from tests.service.running import Service

from misstep.service.docs_page import docs_page
from misstep.service.page import SECURITY_HEADERS
from misstep.service.served import ServedRules

pytestmark = pytest.mark.once  # nothing here depends on the version of Python


@pytest.fixture
def described(served: ServedRules) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(served.documents["/openapi.json"])
    return found


def test_every_operation_and_every_type_is_on_the_page(service: Service, described: dict[str, Any]) -> None:
    answer = httpx.get(f"{service.url}/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in answer.text
    ids = set(re.findall(r'id="([^"]*)"', answer.text))
    assert described["components"]["schemas"].keys() <= ids
    links = re.findall(r'(?:href|src)="([^"]*)"', answer.text)
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert {link for link in links if not link.startswith("#")} == {"page/icon.svg", "page/page.css", "openapi.json"}
    assert "<script" not in answer.text


def test_text_of_packs_stays_text(described: dict[str, Any]) -> None:
    text = json.dumps(described).replace("minutes after the agreed time", "<b onclick=x>&")
    page = docs_page(json.loads(text)).decode()
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;&amp;" in page
