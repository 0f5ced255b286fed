"""``POST /suggest``: what the library reads from a text, and nothing of the text anywhere else."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from tests.service.running import Service

import misstep
from misstep import RecordError
from misstep.service.client import AsyncClient, Client

JSON = {"content-type": "application/json"}
TEXT = "My phone rang twice and I was twelve minutes late. They laughed."


def test_the_answer_is_that_of_the_library(service: Service) -> None:
    request = json.dumps({"text": TEXT}).encode()
    answer = httpx.post(f"{service.url}/suggest", content=request, headers=JSON, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == misstep.RuleBase.shipped().suggest_json(request)
    assert answer.headers["cache-control"] == "no-store"
    assert {each["kind"] for each in answer.json()["suggestions"]} >= {"phone_rang", "late_arrival"}


def test_clients_give_the_suggestions_of_the_library(service: Service) -> None:
    with Client(service.url) as client:
        assert client.suggest(TEXT) == misstep.suggest(TEXT)
        assert client.suggest("") == []

    async def read() -> list[misstep.Suggestion]:
        async with AsyncClient(service.url) as client:
            return await client.suggest(TEXT)

    assert asyncio.run(read()) == misstep.suggest(TEXT)


@pytest.mark.parametrize("text", ["", "Ich kam zu sp\u00e4t zum Gespr\u00e4ch.", "\u0000\u001b[31m"])
def test_where_nothing_is_understood_the_list_is_empty(service: Service, text: str) -> None:
    answer = httpx.post(f"{service.url}/suggest", json={"text": text}, timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"suggestions": []})


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"", 422, "record"),
        (b'{"text": ', 422, "record"),
        (b'"secret"', 422, "record"),
        (b'{"text": 12}', 422, "record"),
        (b'{"text": "secret", "story": "secret"}', 422, "record"),
        (b'{"text": "' + b"secret " * 20_000 + b'"}', 422, "record"),
        (b'{"text": "' + b"secret " * 200_000 + b'"}', 413, "too_large"),
    ],
)
def test_a_bad_request_is_a_problem_without_its_words(service: Service, request_: bytes, status: int, code: str) -> None:
    answer = httpx.post(f"{service.url}/suggest", content=request_, headers=JSON, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text


def test_other_media_types_are_refused(service: Service) -> None:
    assert httpx.post(f"{service.url}/suggest", content=b"I was late", headers={"content-type": "text/plain"}).status_code == 415


def test_clients_raise_the_errors_of_the_library(service: Service) -> None:
    with Client(service.url) as client:
        with pytest.raises(RecordError, match="a story must be text"):
            client.suggest(12)  # type: ignore[arg-type]
        with pytest.raises(RecordError, match="a story has at most 100000 characters"):
            client.suggest("late " * 30_000)


def test_nothing_of_a_text_is_in_logs_or_metrics(service: Service) -> None:
    httpx.post(f"{service.url}/suggest", json={"text": "I swore at Quetzalcoatl"}, timeout=60)
    assert "Quetzalcoatl" not in httpx.get(f"{service.url}/metrics").text
    service.wait_for("request")
    log = json.dumps(service.lines)
    assert "Quetzalcoatl" not in log
    assert "/suggest" in log
