"""The page as the service serves it: with its headers, to its own form only, and with the rules in force."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from misstep.service.config import Settings
from misstep.service.metrics import Metrics
from misstep.service.page import FILES, SECURITY_HEADERS
from misstep.service.page_routes import page_routes
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, ServedRules, load_served

FORM = {"content-type": "application/x-www-form-urlencoded"}
PACK = """\
schema: 1
pack: own
extends: misstep
kinds: {slip: {role: mistake, title: TITLE, concern: manners}}
rules: {slip: {when: [slip], then: {severity: 3, noticed: 3}, because: slipped}}
"""


def loaded_from(folder: Path, title: str) -> ServedRules:
    pack = folder / "own.yaml"
    pack.write_text(PACK.replace("TITLE", title), encoding="utf-8")
    return load_served(Settings(rules=(pack,), access_log=False))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedRules:
    """Loaded once, which takes half a second."""
    return loaded_from(tmp_path_factory.mktemp("own"), "Banana skin")


@pytest.fixture
def rules(served: ServedRules, tmp_path: Path) -> RuleReloader:
    """The rules in force; another title once they are read again."""
    return RuleReloader(lambda: loaded_from(tmp_path, "Wet floor"), first=served)


@dataclass(frozen=True)
class Client:
    """Asks the application without a socket between."""

    app: ASGIApp

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self("GET", path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self("POST", path, **options)


@pytest.fixture
def client(rules: RuleReloader) -> Client:
    settings = Settings(access_log=False, body_bytes=5_000)
    return Client(create_app(rules, settings, Metrics(), page_routes(rules, settings)))


def test_every_answer_of_the_page_has_its_headers(client: Client) -> None:
    for answer in (
        client.get("/"),
        client.post("/", content="facts.0.kind=slip", headers=FORM),
        client.post("/", json=[{"kind": "slip"}]),
        client.post("/page/assessment.json", content="facts.0.kind=slip", headers=FORM),
        client.post("/page/interview.json", content="facts.0.kind=slip", headers=FORM),
        *(client.get(f"/page/{name}") for name in FILES),
    ):
        assert answer.status_code == 200
        expected = dict(SECURITY_HEADERS)
        if answer.request.url.path.endswith(tuple(FILES)):
            expected["Cache-Control"] = "no-cache"
        assert {name: answer.headers.get(name) for name in expected} == expected
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_files_have_their_types(client: Client) -> None:
    assert {name: client.get(f"/page/{name}").headers["content-type"] for name in FILES} == FILES
    assert client.get("/page/../pyproject.toml").status_code == 404
    assert client.get("/page/page.html").status_code == 404


def test_what_is_to_be_kept_comes_as_a_file(client: Client) -> None:
    answer = client.post("/page/assessment.json", content="facts.0.kind=slip", headers=FORM)
    assert answer.headers["content-disposition"] == 'attachment; filename="assessment.json"'
    assert answer.json()["findings"][0]["title"] == "Banana skin"
    wrong = client.post("/page/assessment.json", content="facts.0.kind=slip&facts.0.times=no", headers=FORM)
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "content-disposition" not in wrong.headers


@pytest.mark.parametrize(("site", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)])
def test_only_the_page_itself_may_post(client: Client, site: str, status: int) -> None:
    for path in ("/", "/page/assessment.json", "/page/interview.json"):
        answer = client.post(path, content="facts.0.kind=slip", headers={**FORM, "sec-fetch-site": site})
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "origin"


def test_other_content_is_refused(client: Client) -> None:
    assert client.post("/", content="x", headers={"content-type": "text/plain"}).json()["code"] == "media_type"
    assert client.post("/page/interview.json", json=[]).json()["code"] == "media_type"
    assert client.post("/", content="facts.0.kind=slip", headers={**FORM, "content-encoding": "br"}).status_code == 415
    assert client("PUT", "/").json()["code"] == "method"


def test_the_limits_of_the_service_are_those_of_the_page(client: Client) -> None:
    answer = client.post("/", content="q=" + "x" * 5_000, headers=FORM)
    assert answer.status_code == 422
    assert "This is not a form that this page posts" in answer.text


def test_nothing_of_a_story_is_in_the_log_or_in_the_metrics(rules: RuleReloader, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(access_log=True, body_bytes=5_000)
    app = create_app(rules, settings, Metrics(), page_routes(rules, settings), own_process=False)
    client = Client(app)
    with caplog.at_level("DEBUG"):
        read = client.post("/", content="text=I+slipped+on+marzipan&step=read", headers=FORM)
        wrong = client.post("/", content="text=marzipan&facts.0.kind=slip&facts.0.times=marzipan", headers=FORM)
    assert (read.status_code, wrong.status_code) == (200, 422)
    assert "marzipan" in read.text
    logged = [vars(record) for record in caplog.records if record.getMessage() == "request"]
    assert len(logged) == 2
    assert "marzipan" not in f"{caplog.text} {logged} {client.get('/metrics').text} {read.headers} {wrong.headers}"


def test_the_page_is_that_of_the_rules_in_force(client: Client, rules: RuleReloader) -> None:
    asked = {"content": "q=slip", "headers": FORM}
    assert "Banana skin" in client.post("/", **asked).text
    assert asyncio.run(rules.reload())
    after = client.post("/", **asked).text
    assert "Wet floor" in after
    assert "Banana skin" not in after
