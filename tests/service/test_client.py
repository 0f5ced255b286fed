"""The client: what the library gives, from a service elsewhere; and the library's own errors."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import repeat
from typing import Any

import httpx
import pytest
from tests.end_to_end.command import INTERVIEWS
from tests.service.running import Service

from misstep import (
    Assessment,
    BudgetError,
    EngineError,
    Fact,
    MisstepError,
    Record,
    RecordError,
    RuleBase,
    UsageError,
    assess,
    questions,
)
from misstep import certainty as find_certainty
from misstep.analysis.questions import Questions
from misstep.service import client as client_module
from misstep.service.client import AsyncClient, Client
from misstep.service.problems import in_http_words

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
        (p.location.pointer, in_http_words(p.message)) for p in local.value.problems
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
    "a proxy that asks who it is": (401, "<html>", UsageError, r"access is denied \(status 401\); check auth= or headers="),
    "a proxy without the service": (502, "<html>", EngineError, r"no answer from the service \(status 502\); try again"),
    "an older service": (200, {"schema": 1, "actions": []}, UsageError, "have schema 1, here 2; use the same version"),
    "a problem of others": (400, {"code": 1, "detail": "d", "errors": [1]}, UsageError, "is not a misstep service"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "content", "error", "said"), ANSWERS.values(), ids=list(ANSWERS))
def test_every_other_answer_is_one_of_our_errors(status: int, content: Any, error: type[MisstepError], said: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text=json.dumps(content)))
    with (
        Client("http://service.example", transport=transport, retries=0) as client,
        pytest.raises(MisstepError, match=said) as raised,
    ):
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


# -- all that the service does


def test_certainty_is_that_of_the_library(client: Client) -> None:
    record = [{"kind": "late_arrival", "minutes": 20}]
    assert client.certainty(record) == find_certainty(record)
    with pytest.raises(RecordError):
        client.certainty([{"kind": "late_arival"}])


def test_what_there_is_to_know_about_the_rules(client: Client) -> None:
    rulebase = RuleBase.shipped()
    kinds = client.kinds()
    assert {kind["kind"] for kind in kinds} < rulebase.kinds.keys()
    assert client.kind("late_arrival") in kinds
    assert client.rule("late-arrival")["rule"] == "late-arrival"
    assert client.version()["rulebase"]["digest"] == rulebase.digest
    assert client.schema()["assessment"]["title"] == "Assessment"
    assert client.ready()
    with pytest.raises(UsageError, match="did you mean 'late_arrival'"):
        client.kind("late_arival")
    with pytest.raises(UsageError, match="unknown rule"):
        client.rule("late?arrival#")
    with pytest.raises(UsageError):
        client.rule("../kinds")


def test_a_service_that_does_not_answer_is_not_ready() -> None:
    with Client("http://127.0.0.1:9", timeout=1, retries=0) as client:
        assert client.ready() is False


MIXED: list[Any] = [*RECORDS[:3], [{"kind": "late_arival"}], [{"kind": {1}}], [], "text", *RECORDS[3:]]


def local(record: Any) -> Assessment | str:
    try:
        return assess(record)
    except RecordError as error:
        return error.problems[0].message


def compared(answers: list[Assessment | RecordError]) -> list[Assessment | str]:
    return [answer.problems[0].message if isinstance(answer, RecordError) else answer for answer in answers]


def test_a_batch_has_an_answer_for_each_record_in_its_place(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(map(local, MIXED))
    expected[4] = "has a value that is not text, a number, a list or a mapping"  # it cannot be sent
    for size in (1, 2_000, 64_000):
        monkeypatch.setattr(client_module, "PART_BYTES", size)
        assert compared(list(client.assess_batch(MIXED))) == expected
    assert list(client.assess_batch([])) == []


def test_a_batch_of_any_length_is_read_as_it_is_answered(client: Client) -> None:
    endless = client.assess_batch(repeat([{"kind": "late_arrival"}]))
    assert {next(endless) for _ in range(2_000)} == {assess([{"kind": "late_arrival"}])}


@pytest.mark.parametrize("detail", ["scores", "findings"])
def test_a_batch_may_have_less_detail(client: Client, detail: Any) -> None:
    answers = list(client.assess_batch(MIXED, detail))
    for answer, record in zip(answers, MIXED, strict=True):
        assert isinstance(answer, RecordError) or answer["damage"] == assess(record).damage
        assert isinstance(answer, RecordError) or ("findings" in answer) == (detail == "findings")


def test_all_of_it_from_asyncio(service: Service, client: Client) -> None:
    async def records() -> AsyncIterator[Any]:
        for record in MIXED:
            yield record

    async def ask() -> list[Any]:
        async with AsyncClient(service.url) as other:
            return [
                await other.certainty(RECORDS[0]), await other.kinds(), await other.kind("late_arrival"),
                await other.rule("late-arrival"), await other.schema(), await other.version(), await other.ready(),
                [answer async for answer in other.assess_batch(records(), "scores")],
                [answer async for answer in other.assess_batch(MIXED)],
            ]  # fmt: skip

    *rest, scores, whole = asyncio.run(ask())
    assert rest == [
        client.certainty(RECORDS[0]), client.kinds(), client.kind("late_arrival"),
        client.rule("late-arrival"), client.schema(), client.version(), True,
    ]  # fmt: skip
    assert compared(whole) == compared(list(client.assess_batch(MIXED)))
    assert compared(scores) == compared(list(client.assess_batch(MIXED, "scores")))  # type: ignore[arg-type]


# -- repetitions, time, credentials


def ask_both(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> list[float]:
    """Ask with both clients; how long each took. Raises what they raise."""

    async def ask() -> None:
        async with AsyncClient("http://service.example", transport=httpx.MockTransport(answer), **options) as client:
            assert await client.assess([]) == assess([])

    def ask_in_turn() -> None:
        with Client("http://service.example", transport=httpx.MockTransport(answer), **options) as client:
            assert client.assess([]) == assess([])

    times = []
    for each in (ask_in_turn, lambda: asyncio.run(ask())):
        begun = time.monotonic()
        each()
        times.append(time.monotonic() - begun)
    return times


def busy(status: int = 503, **headers: str) -> Callable[[], httpx.Response]:
    problem = {"code": "busy", "detail": "too much"}
    return lambda: httpx.Response(
        status, json=problem, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def in_turn(*answers: Callable[[], httpx.Response] | Exception | None) -> Callable[[httpx.Request], httpx.Response]:
    """A server with these answers, for each of both clients; None: the right one."""
    left = list(answers) * 2

    def answer(_: httpx.Request) -> httpx.Response:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(200, content=assess([]).to_json()) if found is None else found()

    return answer


def test_who_is_busy_is_asked_again_when_it_says_or_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_WAIT", 0.01)
    ask_both(in_turn(httpx.ConnectError("no"), busy(502), None))
    ask_both(in_turn(busy(), httpx.RemoteProtocolError("cut"), None))
    assert all(seconds >= 1 for seconds in ask_both(in_turn(busy(retry_after="1"), None)))
    with pytest.raises(EngineError, match="too much"):
        ask_both(in_turn(busy(), busy(), busy()))
    with pytest.raises(EngineError, match="too much"):  # there is no time to wait so long
        ask_both(in_turn(busy(retry_after="60"), None))
    with pytest.raises(EngineError, match="no answer"):
        ask_both(in_turn(httpx.ConnectError("no"), None), retries=0)


def test_an_error_of_the_request_is_not_repeated() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(422, json={"code": "record", "detail": "wrong"})

    with pytest.raises(RecordError, match="wrong"):
        ask_both(answer)
    assert len(asked) == 1


def test_no_call_lasts_longer_than_its_timeout() -> None:
    def slowly() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.1)
            yield b" "

    with Client(
        "http://s.example", transport=httpx.MockTransport(lambda _: httpx.Response(200, content=slowly())), timeout=0.5
    ) as c:
        begun = time.monotonic()
        with pytest.raises(EngineError, match="no answer"):
            c.assess([])
        assert time.monotonic() - begun < 1.5

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    async def ask() -> None:
        async with AsyncClient("http://s.example", transport=httpx.MockTransport(never), timeout=0.2) as client:
            await client.assess([])

    begun = time.monotonic()
    with pytest.raises(EngineError, match="no answer"):
        asyncio.run(ask())
    assert time.monotonic() - begun < 2


def test_headers_and_credentials_are_sent_with_every_request() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["x-team"] == "red"
        assert request.headers["authorization"] == "Basic bmFtZTpzZWNyZXQ="
        return httpx.Response(200, content=assess([]).to_json())

    ask_both(answer, headers={"x-team": "red"}, auth=("name", "secret"), verify=False)


def test_an_address_that_has_moved_is_said() -> None:
    answer = httpx.Response(301, headers={"location": "https://service.example/assess"})
    with pytest.raises(UsageError, match=r"has moved to https://service\.example/assess; use that address"):
        ask_both(lambda _: answer)


def test_a_batch_whose_answer_is_cut_short_is_an_error() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b'{"line":1,"error":{"code":"record","detail":"x"}}\n'))
    with Client("http://s.example", transport=transport) as client, pytest.raises(EngineError, match="is not complete"):
        list(client.assess_batch([[], []]))
