"""Raw bytes against the limits: whatever comes, the answer is a problem or a closed connection, in time; others are served."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest
from tests.service.running import SEED, Service, body_of, everything, post, running, status_of

from misstep import assess_json

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

BODY = 2_000
QUEUE, CONNECTIONS = 4, 60
SECONDS = 1.0
HEAD = b"POST /assess HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
BATCH = b"POST /assess/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n"


@pytest.fixture(scope="module")
def narrow() -> Iterator[Service]:
    options = ("--body-bytes", BODY, "--queue", QUEUE, "--connections", CONNECTIONS, "--request-seconds", SECONDS)
    with running(*map(str, options)) as service:
        service.wait_for("Application startup complete.")
        yield service


@pytest.fixture(autouse=True)
def still_serving(narrow: Service) -> Iterator[None]:
    """Whatever a test did, the next caller is served, and no error of ours is in the log."""
    yield
    answer = narrow.send(post(SEED))
    assert status_of(answer) == 200
    assert answer.endswith(assess_json(SEED))
    assert not [line for line in narrow.lines if line["level"] == "error"]


def problem_in(answer: bytes) -> tuple[int, str]:
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\ncontent-type: application/problem+json" in head
    problem = body_of(answer)
    assert problem["status"] == status_of(answer)
    return problem["status"], problem["code"]


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


# -- too large, and no HTTP

REFUSED = {
    "a body that says it is too large": (HEAD + b"content-length: 2001\r\n\r\n", 413, "too_large"),
    "one that says it is 400 MB": (HEAD + b"content-length: 400000000\r\n\r\n" + b"x" * 100_000, 413, "too_large"),
    "a chunked body": (HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks(b"x" * 1_000, b"y" * 1_001), 413, "too_large"),
    "a chunked body of single bytes": (HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks(*[b"x"] * 2_001), 413, "too_large"),
    "a body that nobody asks for": (b"GET /kinds HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n", 413, "too_large"),
    "a body for nobody": (b"PUT /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n", 413, "too_large"),
    "both framings": (HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "request"),
    "both framings the other way": (HEAD + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", 400, "request"),
    "two lengths": (HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n[]", 400, "request"),
    "a length below nought": (HEAD + b"content-length: -1\r\n\r\n", 400, "request"),
    "a length that is no number": (HEAD + b"content-length: two\r\n\r\n[]", 400, "request"),
    "a length with a sign": (HEAD + b"content-length: +2\r\n\r\n[]", 400, "request"),
    "a length of many digits": (HEAD + b"content-length: " + b"9" * 100 + b"\r\n\r\n", 400, "request"),
    "another encoding": (HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "request"),
    "an unknown encoding": (HEAD + b"transfer-encoding: identity\r\n\r\n[]", 400, "request"),
    "a chunk that is no number": (HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n", 400, "request"),
    "a chunk longer than it says": (HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n[][]\r\n0\r\n\r\n", 400, "request"),
    "two hosts": (b"GET /kinds HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n", 400, "request"),
    "no host": (b"GET /kinds HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "host"),
    "a space before the colon": (b"GET /kinds HTTP/1.1\r\nhost : localhost\r\n\r\n", 400, "request"),
    "a nought in a field": (b"GET /kinds HTTP/1.1\r\nhost: local\0host\r\n\r\n", 400, "request"),
    "a line feed alone": (b"GET /kinds HTTP/1.1\nhost: localhost\n\n", 400, "request"),
    "a method that is none": (b"GRAB /kinds HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "request"),
    "a version that is none": (b"GET /kinds HTTP/9.9\r\nhost: localhost\r\n\r\n", 400, "request"),
    "a path that is no address": (b"GET http:// HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "request"),
    "a way to elsewhere": (b"CONNECT example.org:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "request"),
    "an address elsewhere": (b"GET http://evil.example/x HTTP/1.0\r\nhost: localhost\r\n\r\n", 404, "not_found"),
    "no address at all": (b"OPTIONS * HTTP/1.0\r\nhost: localhost\r\n\r\n", 404, "not_found"),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "request"),
    "a long address": (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", 431, "headers"),
    "a long field": (b"GET /kinds HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 20_000 + b"\r\n\r\n", 431, "headers"),
    "many fields": (b"GET /kinds HTTP/1.1\r\nhost: localhost\r\n" + b"x: y\r\n" * 5_000 + b"\r\n", 431, "headers"),
    "a field without an end": (b"GET /kinds HTTP/1.1\r\nx: " + b"y" * 300_000, 431, "headers"),
    "a chunk with a tale": (HEAD + b"transfer-encoding: chunked\r\n\r\n1;" + b"x" * 300_000, 431, "headers"),
    "fields after the body": (
        HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n" + b"x: y\r\n" * 50_000, 431, "headers"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "status", "code"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_too_large_or_no_http_is_refused(narrow: Service, data: bytes, status: int, code: str) -> None:
    assert problem_in(narrow.send(data)) == (status, code)


CHUNKED = HEAD + b"connection: close\r\ntransfer-encoding: Chunked\r\n\r\n"
TAKEN = {
    "a body of just the size": post(SEED.ljust(BODY)),
    "a chunked body": CHUNKED + chunks(*[SEED[i : i + 1] for i in range(len(SEED))]) + b"0\r\n\r\n",
    "a chunked body with a field after it": CHUNKED + chunks(SEED) + b"0\r\nx: y\r\n\r\n",
    "an upgrade that is not known here": post(SEED, "/assess", "application/json", "upgrade: h2c"),
    "a client that waits to be asked": post(SEED, "/assess", "application/json", "expect: 100-continue"),
    "HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"content-length: %d\r\n\r\n" % len(SEED) + SEED,
    "a long field": post(SEED, "/assess", "application/json", "x: " + "y" * 10_000),
}


@pytest.mark.parametrize("data", TAKEN.values(), ids=list(TAKEN))
def test_what_is_within_the_limits_is_answered(narrow: Service, data: bytes) -> None:
    answer = narrow.send(data).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert status_of(answer) == 200
    assert answer.endswith(assess_json(SEED))


def test_a_body_of_nobody_knows_how_much_is_cut_off_soon(narrow: Service) -> None:
    sent = 0
    with narrow.connect() as client:
        client.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        try:
            while sent < 400_000_000:
                client.sendall(chunks(b"x" * 100_000))
                sent += 100_000
        except ConnectionError:
            pass
        else:
            assert problem_in(everything(client)) == (413, "too_large")
    assert sent < 400_000_000


@pytest.mark.parametrize(
    "pieces",
    [
        [b"ffffffff\r\n"],
        [b"FFFFFFFF;name=value\r\n[]"],
        [b"ffff", b"ffff\r", b"\n"],
        [b"2\r\n[]\r\n", b"7d0\r\n", b"x"],
        [b"2\r\n[]\r\n7d", b"0\r\nx"],
        [b"ffffffffffffffff\r\n"],
    ],
    ids=["a size", "with a name", "in pieces", "after another", "after another, in pieces", "as large as can be"],
)
def test_a_chunk_that_says_it_is_too_large_is_refused_at_once(narrow: Service, pieces: list[bytes]) -> None:
    with narrow.connect() as client:
        client.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            time.sleep(0.05)
            client.sendall(piece)
        assert problem_in(everything(client)) == (413, "too_large")  # and no 408 after a while


def test_a_chunk_of_all_that_is_allowed_is_read(narrow: Service) -> None:
    with narrow.connect() as client:
        client.sendall(HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n")
        for piece in (b"[", b" " * 1_998, b"]\r\n0\r\n\r\n"):
            time.sleep(0.05)
            client.sendall(piece)
        assert status_of(everything(client)) == 200


def test_an_answer_to_what_is_refused_can_be_read_by_whoever_is_still_sending(narrow: Service) -> None:
    with narrow.connect() as client:
        client.sendall(HEAD + b"content-length: 3000000\r\n\r\n")
        for _ in range(30):
            client.sendall(b"x" * 100_000)
            time.sleep(0.005)
        assert problem_in(everything(client)) == (413, "too_large")


def test_requests_one_behind_the_other_are_answered_in_order(narrow: Service) -> None:
    answer = narrow.send(post(SEED).replace(b"connection: close\r\n", b"") * 3 + post(b"[]"))
    assert [part.count(b'"id":"seed"') for part in answer.split(b"HTTP/1.1 200")[1:]] == [1, 1, 1, 0]


def test_requests_that_never_stop_are_no_slow_request(narrow: Service) -> None:
    """There is always another one on its way before an answer is there; each of them is quick."""
    record = json.dumps([{"kind": "rambling"}] * 80).encode()  # takes the service longer than it takes to ask
    request = post(record).replace(b"connection: close\r\n", b"")
    end = time.monotonic() + 2.5 * SECONDS
    with narrow.connect() as client:
        client.sendall(request * QUEUE)
        sent, done, rest = QUEUE, 0, b""
        while done < sent:
            part = client.recv(65_536)
            assert part
            *whole, rest = (rest + part).split(b"HTTP/1.1 200 ")
            done += len(whole)
            while sent < done + QUEUE and time.monotonic() < end:
                client.sendall(request)
                sent += 1
    assert sent > 10


def test_what_follows_a_refusal_is_not_answered(narrow: Service) -> None:
    answer = narrow.send(HEAD + b"content-length: 9999\r\n\r\n" + post(SEED))
    assert answer.count(b"HTTP/1.1 ") == 1


# -- too slow

SLOW = {
    "nothing at all": (b"", 408),
    "half a line": (b"POST /ass", 408),
    "half a head": (HEAD, 408),
    "half a body": (HEAD + b"content-length: 500\r\n\r\n[", 408),
    "half a chunk": (HEAD + b"transfer-encoding: chunked\r\n\r\n500\r\n[", 408),
    "no last chunk": (HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n", 408),
    "a body for nobody": (b"GET /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n", 404),
    "half a line of a batch": (BATCH + b"content-length: 500\r\n\r\n[", 200),
}


@pytest.mark.parametrize(("data", "status"), SLOW.values(), ids=list(SLOW))
def test_who_stops_in_the_middle_is_cut_off(narrow: Service, data: bytes, status: int) -> None:
    before = time.monotonic()
    with narrow.connect() as client:
        client.sendall(data)
        answer = everything(client)
    assert status_of(answer) == status
    assert time.monotonic() - before >= SECONDS * 0.9
    assert (problem_in(answer) == (408, "timeout")) if status == 408 else True


@pytest.mark.parametrize("beginning", [b"GET /", HEAD + b"x: ", HEAD + b"content-length: 1900\r\n\r\n"])
def test_who_sends_a_byte_now_and_then_is_cut_off(narrow: Service, beginning: bytes) -> None:
    with narrow.connect() as client:
        client.sendall(beginning)
        for _ in range(200):
            try:
                client.sendall(b"x")
            except ConnectionError:
                break
            client.settimeout(0.05)
            try:
                if answer := client.recv(65_536):
                    assert problem_in(answer) == (408, "timeout")
                    return
            except TimeoutError:
                pass
            except ConnectionError:
                break
        else:
            raise AssertionError("never cut off")


def test_a_batch_may_take_longer_than_a_request_as_long_as_it_moves(narrow: Service) -> None:
    with narrow.connect() as client:
        client.sendall(BATCH + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(10):
            client.sendall(chunks(b"[]\n"))
            time.sleep(SECONDS / 5)
        client.sendall(b"0\r\n\r\n")
        assert everything(client).count(b'"damage":0.0') == 10


def test_rows_of_a_batch_come_while_the_rest_is_being_sent(narrow: Service) -> None:
    with narrow.connect() as client:
        client.sendall(BATCH + b"transfer-encoding: chunked\r\n\r\n" + chunks(b"[]\n[", b"]"))
        seen = b""
        while b'"damage":0.0' not in seen:
            seen += client.recv(65_536)
        client.sendall(chunks(b"\n") + b"0\r\n\r\n")
        while seen.count(b'"damage":0.0') < 2:
            seen += client.recv(65_536)


def test_who_does_not_read_the_answer_is_cut_off(narrow: Service) -> None:
    """And no more is read from whoever does not read what was answered."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    with client:
        client.settimeout(30)
        client.connect(narrow.address)
        client.sendall(BATCH + b"transfer-encoding: chunked\r\n\r\n")
        with pytest.raises((ConnectionError, TimeoutError)):  # noqa: PT012
            for _ in range(20_000):
                client.sendall(chunks(b"[]\n" * 1_000))


# -- too many


def test_what_waits_is_bounded(narrow: Service) -> None:
    """All at once, while the service cannot look: as many as the queue holds are answered, the rest is told to come again."""
    clients = [narrow.connect() for _ in range(30)]
    narrow.send(post(SEED))  # they are accepted by now
    os.kill(narrow.process.pid, signal.SIGSTOP)
    try:
        for client in clients:
            client.sendall(post(SEED))
    finally:
        os.kill(narrow.process.pid, signal.SIGCONT)
    answers = [everything(client) for client in clients]
    for client in clients:
        client.close()
    served = [answer for answer in answers if status_of(answer) == 200]
    busy = [answer for answer in answers if status_of(answer) == 503]
    assert len(served) >= QUEUE
    assert len(served) + len(busy) == len(answers)
    assert busy
    for answer in busy:
        assert problem_in(answer) == (503, "busy")
        assert b"\r\nretry-after: 1\r\n" in answer


def test_connections_are_bounded(narrow: Service) -> None:
    clients = [narrow.connect() for _ in range(CONNECTIONS)]
    try:
        over = [narrow.send(b"") for _ in range(5)]
    finally:
        for client in clients:
            client.close()
    assert [problem_in(answer) for answer in over] == [(503, "busy")] * 5
    assert all(b"\r\nretry-after: 1\r\n" in answer for answer in over)


def test_a_flood_of_connections_is_not_answered_one_by_one(narrow: Service) -> None:
    clients = [narrow.connect() for _ in range(3 * CONNECTIONS)]
    try:
        answers = [everything(client) for client in clients[-CONNECTIONS // 2 :]]
    finally:
        for client in clients:
            client.close()
    assert set(map(status_of, answers)) <= {0, 503}
    assert 0 in map(status_of, answers)


def test_slow_clients_do_not_keep_others_out(narrow: Service) -> None:
    slow = [narrow.connect() for _ in range(CONNECTIONS - 5)]
    try:
        for client in slow:
            client.sendall(HEAD + b"content-length: 500\r\n\r\n[")
        assert status_of(narrow.send(post(SEED))) == 200
    finally:
        for client in slow:
            client.close()


def test_batches_are_bounded_and_singles_go_on_beside_them(narrow: Service) -> None:
    batches = [narrow.connect() for _ in range(4)]
    try:
        for client in batches:
            client.sendall(BATCH + b"transfer-encoding: chunked\r\n\r\n" + chunks(b"[]\n"))
            assert client.recv(12) == b"HTTP/1.1 200"
        assert problem_in(narrow.send(post(b"[]\n", "/assess/batch", "application/x-ndjson"))) == (503, "busy")
        assert status_of(narrow.send(post(SEED))) == 200
    finally:
        for client in batches:
            client.close()


@pytest.mark.parametrize("limit", ["batch_bytes=50_000", "batch_seconds=1.0"])
def test_a_batch_as_a_whole_is_bounded_too(limit: str) -> None:
    """What is beyond the limit gets no answer, and the end of it is missing, so that nobody takes it for the whole."""
    program = f"from misstep.service.server import serve, Settings; serve(Settings(port=0, request_seconds=0.8, {limit}))"
    with running(program=program) as service:
        service.wait_for("Application startup complete.")
        with service.connect() as client:
            client.sendall(BATCH + b"transfer-encoding: chunked\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    client.sendall(chunks(b"[]\n" + b" " * 1_000 + b"\n"))
                    time.sleep(0.02)
            answer = everything(client)
        assert status_of(answer) in (0, 200)
        assert not answer.endswith(b"0\r\n\r\n")
        assert service.wait_for("cut")[0]["limit"] == ("body" if "bytes" in limit else "time")


def test_figures_tell_which_limit_cut_what_off(narrow: Service) -> None:
    narrow.send(HEAD + b"content-length: 9999\r\n\r\n")
    narrow.send(b"\x16\x03")
    figures = narrow.send(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").decode()
    assert 'misstep_cut_total{limit="body"}' in figures
    assert 'misstep_cut_total{limit="http"}' in figures
    assert "misstep_waiting 0.0" in figures
