"""The client: what the library gives, from a service elsewhere; and the library's own errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.end_to_end.command import INTERVIEWS
from tests.service.running import Service

from misstep import Assessment, BudgetError, EngineError, Fact, MisstepError, Record, RecordError, UsageError, assess, questions
from misstep.analysis.questions import Questions
from misstep.service.client import AsyncClient, Client

RECORDS: list[Any] = [json.loads(file.read_bytes()) for file in sorted(INTERVIEWS.glob("*.json"))]


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_an_assessment_is_the_one_of_the_library(client: Client) -> None:
    for record in RECORDS:
        found = client.assess(record)
        assert isinstance(found, Assessment)
        assert found == assess(record)
        assert found.to_json() == assess(record).to_json()


def test_the_same_from_asyncio(service: Service) -> None:
    async def all_at_once() -> list[Assessment]:
        async with AsyncClient(service.url) as client:
            return await asyncio.gather(*(client.assess(record) for record in RECORDS))

    assert asyncio.run(all_at_once()) == [assess(record) for record in RECORDS]


def test_questions_are_those_of_the_library(client: Client, service: Service) -> None:
    record = [{"kind": "late_arrival", "minutes": 12}]

    async def from_asyncio() -> Questions:
        async with AsyncClient(service.url) as other:
            return await other.questions(record)

    assert client.questions(record) == asyncio.run(from_asyncio()) == questions(record)
    with pytest.raises(RecordError, match="did you mean 'late_arrival'"):
        client.questions([{"kind": "late_arival"}])


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>"])
def test_an_answer_that_is_no_questions_is_not_of_misstep(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with Client("http://x", transport=transport) as other, pytest.raises(UsageError, match="is not a misstep service"):
        other.questions([])


@pytest.mark.parametrize(
    "record",
    [
        [],
        [{"kind": "late_arrival", "minutes": 12}],
        Record(id="iv-1", facts=[Fact(kind="late_arrival")]),
        (Fact(kind="late_arrival", id="late"),),
        iter([{"kind": "phone_rang"}]),
    ],
    ids=["nothing", "facts", "a model", "models", "an iterator"],
)
def test_whatever_the_library_takes_is_taken(client: Client, record: Any) -> None:
    kept = list(record) if hasattr(record, "__next__") else record
    assert client.assess(kept) == assess(kept)


@pytest.mark.parametrize(
    "record",
    [
        [{"kind": "late_arrival", "minutes": "twelve"}, {"kind": "bad_jok"}],
        [{"kind": "late_arrival", "minuts": 12}],
        [{"kind": "late_arrival", "minutes": True}],
        [{"id": "a", "kind": "phone_rang"}, {"id": "a", "kind": "bad_joke"}],
        [{"kind": "x"}] * 30,
        [{"kind": "rambling"}] * 1_001,
    ],
)
def test_a_record_is_refused_as_the_library_refuses_it(client: Client, record: Any) -> None:
    with pytest.raises(RecordError) as remote:
        client.assess(record)
    with pytest.raises(RecordError) as local:
        assess(record)
    assert [(p.location.pointer, p.message) for p in remote.value.problems] == [
        (p.location.pointer, p.message) for p in local.value.problems
    ]
    assert remote.value.omitted == local.value.omitted


@pytest.mark.parametrize("record", ["text", 7, [{"kind": "late_arrival", "minutes": float("nan")}], [{"kind": {1, 2}}]])
def test_what_json_cannot_say_is_refused_before_it_is_sent(record: Any) -> None:
    with pytest.raises(RecordError), Client("http://127.0.0.1:9") as client:
        client.assess(record)


def test_a_record_that_is_too_large_is_the_records_fault(client: Client) -> None:
    with pytest.raises(RecordError, match="larger than the limit of 1000000 bytes"):
        client.assess([{"kind": "late_arrival", "reason": "x" * 1_000_001}])


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://example.org", "http://", "http://[::1"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(UsageError, match=r"such as http://127.0.0.1:8000"):
        Client(url)


def test_a_service_that_is_not_there_is_an_error_to_try_again() -> None:
    with Client("http://127.0.0.1:9", timeout=5) as client, pytest.raises(EngineError, match="no answer from the service"):
        client.assess([])
    with pytest.raises(EngineError):
        asyncio.run(AsyncClient("http://127.0.0.1:9", timeout=5).assess([]))


def test_a_client_that_is_closed_says_so() -> None:
    with Client("http://127.0.0.1:9") as client:
        pass

    async def closed() -> None:
        async with AsyncClient("http://127.0.0.1:9") as client:
            pass
        await client.assess([])

    for ask in (lambda: client.assess([]), lambda: asyncio.run(closed())):
        with pytest.raises(UsageError, match="the client is closed; open a new one"):
            ask()


ANSWERS = {
    "busy": (503, {"code": "busy", "detail": "too much"}, EngineError, "too much"),
    "broken": (500, {"code": "internal", "detail": "an error"}, EngineError, "an error"),
    "a budget": (422, {"code": "budget", "detail": "d", "errors": [{"pointer": "", "detail": "work"}]}, BudgetError, "work"),
    "another host": (400, {"code": "host", "detail": "not here"}, UsageError, "not here"),
    "another site": (404, "<html>", UsageError, "is not a misstep service"),
    "another site that has JSON": (404, ["x"], UsageError, "is not a misstep service"),
    "another site that says yes": (200, {"hello": "world"}, UsageError, "is not a misstep service"),
    "an older service": (200, {"schema": 1, "actions": []}, UsageError, "have schema 1, here 2; use the same version"),
    "a problem of others": (400, {"code": 1, "detail": "d", "errors": [1]}, UsageError, "is not a misstep service"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "content", "error", "said"), ANSWERS.values(), ids=list(ANSWERS))
def test_every_other_answer_is_one_of_our_errors(status: int, content: Any, error: type[MisstepError], said: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text=json.dumps(content)))
    with Client("http://service.example", transport=transport) as client, pytest.raises(MisstepError, match=said) as raised:
        client.assess([])
    assert type(raised.value) is error


def test_an_address_may_have_a_path() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, content=assess([]).to_json())

    with Client("http://service.example/misstep/", transport=httpx.MockTransport(answer)) as client:
        assert client.assess([]) == assess([])
    assert seen == ["http://service.example/misstep/assess"]
