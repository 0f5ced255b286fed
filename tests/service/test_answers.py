"""What the service answers: the library's own answers, word for word, and problems for everything that is wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from tests.end_to_end.command import INTERVIEWS, ROOT, Command
from tests.service.running import SEED, Service, client_of, until

from misstep import RuleBase, assess_json
from misstep.limits import Limits
from misstep.service.openapi import schemas
from misstep.service.problems import HTTP_WORDS

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
RULEBASE = RuleBase.shipped()
RECORDS = [json.dumps(json.loads(file.read_bytes())).encode() for file in sorted(INTERVIEWS.glob("*.json"))]
PLACES = [1, 2, 3, *range(7, len(RECORDS) + 4)]
"""The lines of the records where three others stand after the third."""
TAG = f'"misstep/{RULEBASE.version}/{RULEBASE.digest}"'


@pytest.fixture(scope="module")
def http(service: Service) -> Iterator[httpx.Client]:
    with client_of(service.url) as client:
        yield client


@pytest.mark.parametrize("file", sorted(INTERVIEWS.glob("*.json")), ids=lambda file: file.stem)
def test_an_assessment_is_that_of_the_library_byte_by_byte(http: httpx.Client, file: object) -> None:
    data = INTERVIEWS.joinpath(str(file)).read_bytes()
    answer = http.post("/assess", content=data, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == assess_json(data)
    assert answer.headers["misstep-rulebase"] == TAG
    assert answer.headers["cache-control"] == "no-store"


def test_a_large_record_is_assessed_all_the_same(http: httpx.Client) -> None:
    record = json.dumps([{"kind": "rambling"}] * Limits().facts).encode()
    answer = http.post("/assess", content=record, headers=JSON)
    assert answer.content == assess_json(record)


def test_what_is_wrong_with_a_record_is_a_problem_with_its_places(http: httpx.Client) -> None:
    record = b'[{"kind": "late_arrival", "minuts": 12},\n {"kind": "bad_jok"}]'
    answer = http.post("/assess", content=record, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.headers["misstep-rulebase"] == TAG
    assert answer.json() == {
        "type": "urn:misstep:problem:record",
        "title": "Invalid record",
        "status": 422,
        "detail": "/facts/0/minuts: there is no such field in late_arrival; did you mean 'minutes'? (and 1 more)",
        "code": "record",
        "errors": [
            {"pointer": "/facts/0/minuts", "detail": "there is no such field in late_arrival; did you mean 'minutes'?",
             "line": 1, "column": 27},
            {"pointer": "/facts/1/kind", "detail": "there is no such kind; did you mean 'bad_joke'?", "line": 2, "column": 12},
        ],
    }  # fmt: skip


BAD_RECORDS = {
    "empty": (b"", "not valid JSON"),
    "torn": (b'{"facts": [', "not valid JSON"),
    "not UTF-8": (b'[{"kind": "late_arrival\xff"}]', "not UTF-8"),
    "NaN": (b'[{"kind": "late_arrival", "minutes": NaN}]', "NaN"),
    "a key twice": (b'[{"kind": "late_arrival", "kind": "late_arrival"}]', "twice"),
    "deep": (b"[" * 100_000, "nested"),
    "a number of many digits": (b'[{"kind": "late_arrival", "minutes": ' + b"9" * 5_000 + b"}]", ""),
    "no record": (b'"text"', "must be"),
    "too many facts": (json.dumps([{"kind": "rambling"}] * 1_001).encode(), "has 1001 facts; at most 1000 are taken"),
}


@pytest.mark.parametrize(("record", "said"), BAD_RECORDS.values(), ids=list(BAD_RECORDS))
def test_a_malformed_record_is_refused(http: httpx.Client, record: bytes, said: str) -> None:
    answer = http.post("/assess", content=record, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "record")
    assert said in answer.json()["detail"]


def test_no_problem_is_an_amplifier(http: httpx.Client) -> None:
    record = json.dumps([{"kind": "x" * 80, "y" * 80: 1}] * 1_000).encode()
    answer = http.post("/assess", content=record, headers=JSON)
    problem = answer.json()
    assert len(problem["errors"]) == 20
    assert problem["omitted"] >= 980
    assert all(len(error["detail"]) <= 500 for error in problem["errors"])
    assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("GET", "/assess", {}, 405, "method"),
        ("DELETE", "/kinds", {}, 405, "method"),
        ("GET", "/kinds/", {}, 404, "not_found"),
        ("GET", "/rules/late-arival", {}, 404, "not_found"),
        ("GET", "/rules/%00%0d%0a", {}, 404, "not_found"),
        ("POST", "/assess", {}, 415, "media_type"),
        ("POST", "/assess", {"content-type": "text/plain"}, 415, "media_type"),
        ("POST", "/assess", {"content-type": "application/x-www-form-urlencoded"}, 415, "media_type"),
        ("POST", "/assess", JSON | {"content-encoding": "br"}, 415, "media_type"),
        ("POST", "/assess", JSON | {"content-encoding": "gzip"}, 400, "request"),
        ("POST", "/assess", JSON | {"accept": "text/html"}, 406, "not_acceptable"),
        ("POST", "/assess", JSON | {"accept": "application/json;q=0, text/*"}, 406, "not_acceptable"),
        ("POST", "/assess/batch", LINES | {"accept": "application/json"}, 406, "not_acceptable"),
        ("GET", "/kinds", {"accept": "text/html;q=1.0, image/*"}, 406, "not_acceptable"),
        ("GET", "/kinds/late_arival", {}, 404, "not_found"),
        ("GET", "/kinds?engine=durable", {}, 400, "query"),
        ("POST", "/assess?detail=scores", JSON, 400, "query"),
        ("POST", "/assess/batch?detail=brief", LINES, 400, "query"),
        ("POST", "/assess/batch?detail=full&detail=full", LINES, 400, "query"),
        ("POST", "/assess/batch", JSON, 415, "media_type"),
        ("GET", "/version", {"host": "evil.example"}, 400, "host"),
        ("GET", "/version", {"host": "evil.example:8000"}, 400, "host"),
        ("OPTIONS", "/assess", {"origin": "https://evil.example", "access-control-request-method": "POST"}, 405, "method"),
    ],
)
def test_what_the_service_does_not_do_is_a_problem(
    http: httpx.Client, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = http.request(method, path, headers=headers, content=SEED if method == "POST" else None)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["code"], answer.json()["status"]) == (code, status)
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert ("allow" in answer.headers) == (status == 405)


def test_what_a_body_may_be_is_said_in_a_header_too(http: httpx.Client) -> None:
    wrong = http.post("/assess", content=SEED, headers={"content-type": "text/plain"})
    assert wrong.headers["accept"] == "application/json"
    assert wrong.json()["detail"] == "the header 'content-type' must be application/json"
    packed = http.post("/assess", content=SEED, headers=JSON | {"content-encoding": "br"})
    assert packed.headers["accept-encoding"] == "gzip, identity"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("detal=full", "unknown query parameter 'detal'; did you mean 'detail'?"),
        ("engine", "unknown query parameter 'engine'; there is detail"),
        ("%00%0a=1", "unknown query parameter; there is detail"),
        ("detail=score", "the query parameter 'detail' must be one of full, findings, scores; did you mean 'scores'?"),
        ("detail=scores&detail=scores", "the query parameter 'detail' is given twice"),
        ("&".join(f"x{i}=1" for i in range(500)), "unknown query parameter 'x0'; there is detail"),
    ],
)
def test_a_query_that_is_not_understood_is_not_ignored(http: httpx.Client, query: str, said: str) -> None:
    assert http.post(f"/assess/batch?{query}", content=b"[]", headers=LINES).json()["detail"] == said


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, */*;q=0.1", "APPLICATION/JSON; v=1"])
def test_whoever_accepts_json_is_answered(http: httpx.Client, accept: str) -> None:
    assert http.post("/assess", content=SEED, headers=JSON | {"accept": accept}).content == assess_json(SEED)


@pytest.mark.parametrize("body", [b'"x"', b'{"kind": "bad_joke"}', b'{"facts": {}}', b"[1]", b'[{"kind": "zzz"}]', b'[{"x": 1}]'])
def test_errors_speak_of_http_and_json(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/assess", content=body, headers=JSON).text
    for word in ("misstep kinds", "mapping", "a list", "assess()", "Limits", "{facts:", "{kind:"):
        assert word not in answer


def test_every_word_that_is_put_differently_over_http_is_one_of_the_library() -> None:
    library = "".join(file.read_text("utf-8") for file in (ROOT / "engine" / "misstep").glob("[at]*/*.py"))
    for words in HTTP_WORDS:
        assert words in library, words


def test_a_type_with_a_charset_and_another_case_is_the_same_type(http: httpx.Client) -> None:
    answer = http.post("/assess", content=SEED, headers={"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]", "[::1]:8000"])
def test_a_loopback_service_answers_to_its_own_names(http: httpx.Client, host: str) -> None:
    assert http.get("/version", headers={"host": host}).status_code == 200


def test_a_rule_that_is_not_there_has_a_suggestion(http: httpx.Client) -> None:
    assert "did you mean 'late-arrival'?" in http.get("/rules/late-arival").json()["detail"]


# -- what can be read


def test_kinds_are_those_of_the_command_line_that_can_be_sent(http: httpx.Client, misstep: Command) -> None:
    known = json.loads(misstep.inside("kinds", "-o", "json").out)
    pages = [http.get(f"/kinds/{kind['kind']}").json() for kind in known]
    listed = http.get("/kinds").json()
    assert listed == [page for page in pages if page["role"] != "derived"]
    assert len(listed) < len(known)
    for page, kind in zip(pages, known, strict=True):
        assert all(rule in RULEBASE.rules for rule in page.pop("rules"))
        assert page == kind
    assert "late-arrival" in http.get("/kinds/late_arrival").json()["rules"]


def test_a_rule_is_as_it_stands_in_its_pack(http: httpx.Client, misstep: Command) -> None:
    for rule in list(RULEBASE.rules)[:: len(RULEBASE.rules) // 10]:
        page = http.get(f"/rules/{rule}").json()
        shown = misstep.inside("rule", rule).out
        assert page["rule"] == rule
        assert page["text"] in shown
        assert f"/{page['file']}:{page['line']}:" in shown.splitlines()[0]
        named = [line for line in shown.splitlines() if line.startswith(tuple(f"{source['id']}: " for source in page["sources"]))]
        assert len(named) == len(page["sources"])
        assert all(f"fires in the case: {case}" in shown for case in page["cases"])


def test_every_rule_has_a_page(http: httpx.Client) -> None:
    assert {http.get(f"/rules/{rule}").status_code for rule in RULEBASE.rules} == {200}


def test_schema_and_version(http: httpx.Client) -> None:
    assert http.get("/schema").json() == json.loads(json.dumps(schemas(RULEBASE.record_schema())))
    assert http.get("/version").json()["rulebase"] == {
        "name": "misstep", "version": RULEBASE.version, "digest": RULEBASE.digest
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/kinds", "/kinds/late_arrival", "/rules/late-arrival", "/schema", "/version", "/openapi.json"])
def test_what_has_not_changed_is_not_sent_again(http: httpx.Client, path: str) -> None:
    first = http.get(path)
    assert first.headers["etag"].removeprefix("W/") == first.headers["misstep-rulebase"] == TAG
    for known in (TAG, f"W/{TAG}", f'"other", {TAG}', "*"):
        again = http.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"].removeprefix("W/")) == (304, b"", TAG)
    assert http.get(path, headers={"if-none-match": '"other"'}).content == first.content
    assert (http.head(path).status_code, http.head(path).content) == (200, b"")


def test_health(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready", "rulebase": TAG.strip('"')}


def test_figures_count_what_was_done(http: httpx.Client) -> None:
    def figure(series: str) -> float:
        lines = http.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series + " "))

    ok, bad = 'outcome="assessed",via="single"', 'outcome="refused",via="single"'
    before = [figure(f"misstep_assessments_total{{{labels}}}") for labels in (ok, bad)]
    http.post("/assess", content=SEED, headers=JSON)
    http.post("/assess", content=b"[1]", headers=JSON)
    assert [figure(f"misstep_assessments_total{{{labels}}}") for labels in (ok, bad)] == [before[0] + 1, before[1] + 1]
    labels = f'digest="{RULEBASE.digest}",name="misstep",version="{RULEBASE.version}"'
    assert figure(f"misstep_rulebase_info{{{labels}}}") == 1
    assert figure('misstep_requests_total{method="POST",route="/assess",status="200"}') >= 1
    assert http.get("/metrics").headers["content-type"].startswith("text/plain; version=")


# -- ids and headers


@pytest.mark.parametrize("given", ["abc-123", "A.b_c~9", "x" * 64])
def test_a_request_id_that_is_well_formed_is_kept(http: httpx.Client, given: str) -> None:
    assert http.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a;b", "ä".encode()])
def test_any_other_request_id_is_replaced(http: httpx.Client, given: str | bytes) -> None:
    made = http.get("/healthz", headers={b"x-request-id": given if isinstance(given, bytes) else given.encode()})
    assert made.headers["x-request-id"] not in (given, "")
    assert len(made.headers["x-request-id"]) == 16


def test_an_id_is_in_the_log_and_in_every_answer(http: httpx.Client, service: Service) -> None:
    answer = http.post("/assess", content=SEED, headers={**JSON, "x-request-id": "to-be-found"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert http.get("/nothing").headers["x-request-id"]
    until(lambda: [line for line in service.lines if line.get("request_id") == "to-be-found"], "its line")
    (line,) = [line for line in service.lines if line.get("request_id") == "to-be-found"]
    assert (line["method"], line["route"], line["status"], line["level"]) == ("POST", "/assess", 200, "info")


# -- batches


def lines(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_batch_has_a_row_for_each_record_in_its_place(http: httpx.Client) -> None:
    records = RECORDS
    broken = b'{"facts": [{"kind": "late_arival"}]}'
    answer = http.post("/assess/batch", content=b"\r\n".join([*records[:3], broken, b"", b"  ", *records[3:]]), headers=LINES)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.headers["misstep-rulebase"] == TAG
    rows = answer.content.splitlines()
    numbered = [
        b'{"line":%d,"assessment":%b}' % (number, assess_json(record)) for number, record in zip(PLACES, records, strict=True)
    ]
    assert rows[:3] + rows[6:] == numbered
    error, *empty = map(json.loads, rows[3:6])
    assert (error["line"], error["error"]["code"], error["error"]["status"]) == (4, "record", 422)
    assert [(row["line"], row["error"]["detail"]) for row in empty] == [
        (n, "the line is empty; it must be a record") for n in (5, 6)
    ]
    assert error["error"]["errors"] == [
        {"pointer": "/facts/0/kind", "detail": "there is no such kind; did you mean 'late_arrival'?", "column": 22}
    ]


@pytest.mark.parametrize(
    ("body", "count"), [(b"\n\n[1]\n\n[2]", 5), (b"[]\n", 1), (b"\n", 1), (b"[]\n\n", 2), (b"[]\r\n[]", 2), (b"[] ", 1)]
)
def test_every_line_is_answered_by_one_with_its_number(http: httpx.Client, body: bytes, count: int) -> None:
    rows = lines(http.post("/assess/batch", content=body, headers=LINES).content)
    assert [row["line"] for row in rows] == list(range(1, count + 1))


def test_a_batch_gives_as_much_as_is_asked_for(http: httpx.Client) -> None:
    def answers(detail: str) -> list[dict[str, Any]]:
        content = b"\n".join(RECORDS)
        return [
            json.loads(row)["assessment"]
            for row in http.post(f"/assess/batch{detail}", content=content, headers=LINES).content.splitlines()
        ]

    full, findings, scores = map(answers, ("?detail=full", "?detail=findings", "?detail=scores"))
    assert full == answers("") == [json.loads(assess_json(record)) for record in RECORDS]
    for whole, part, least in zip(full, findings, scores, strict=True):
        assert least == {name: whole[name] for name in least}
        assert part == {**least, "findings": part["findings"], "steps": part["steps"]}
        for one, other in zip(part["findings"], whole["findings"], strict=True):
            assert one == {name: value for name, value in other.items() if name not in ("word", "because")}
        assert [step.pop("actions") for step in part["steps"]] == [
            [a["action"] for a in step["actions"]] for step in whole["steps"]
        ]
        assert part["steps"] == [
            {name: step[name] for name in ("rank", "occasion", "channel", "due_hours")} for step in whole["steps"]
        ]
    schemas = http.get("/openapi.json").json()["components"]
    for name, answer in (("AssessmentScores", scores[0]), ("AssessmentFindings", answers("?detail=findings")[0])):
        jsonschema.validate(
            answer, {"$ref": f"#/components/schemas/{name}", "components": schemas}, jsonschema.Draft202012Validator
        )


def test_bodies_and_answers_may_be_compressed(http: httpx.Client) -> None:
    packed = gzip.compress(SEED)
    answer = http.post("/assess", content=packed, headers=JSON | {"content-encoding": "gzip"})
    assert answer.content == assess_json(SEED)
    body = gzip.compress(RECORDS[0] + b"\n") + gzip.compress(RECORDS[1])  # a file that was appended to
    batch = http.post("/assess/batch", content=body, headers=LINES | {"content-encoding": "gzip", "accept-encoding": "gzip"})
    assert (batch.headers["content-encoding"], batch.headers["vary"]) == ("gzip", "accept-encoding")
    assert [json.loads(row)["assessment"] for row in batch.content.splitlines()] == [
        json.loads(assess_json(r)) for r in RECORDS[:2]
    ]
    plain = http.post("/assess/batch", content=RECORDS[0], headers=LINES | {"accept-encoding": "identity, gzip;q=0"})
    assert "content-encoding" not in plain.headers
    kinds = [http.get("/kinds", headers={"accept-encoding": coding}) for coding in ("gzip", "identity")]
    assert [each.headers.get("content-encoding") for each in kinds] == ["gzip", None]
    assert kinds[0].json() == kinds[1].json()
    assert kinds[0].headers["etag"] == "W/" + kinds[1].headers["etag"]


def test_what_unpacks_to_too_much_or_is_no_gzip_is_refused(http: httpx.Client) -> None:
    packed = JSON | {"content-encoding": "gzip"}
    bomb = http.post("/assess", content=gzip.compress(b" " * 50_000_000), headers=packed)
    assert (bomb.status_code, bomb.json()["detail"]) == (
        413,
        "the body is larger than the limit of 1000000 bytes when it is unpacked",
    )
    for body in (gzip.compress(b"[]")[:-4], b"", gzip.compress(b"[]") + b"x"):
        assert http.post("/assess", content=body, headers=packed).status_code == 400
    cut = http.post("/assess/batch", content=gzip.compress(b"[]\n[]")[:-8], headers=LINES | {"content-encoding": "gzip"})
    rows = lines(cut.content)
    assert [row["line"] for row in rows] == [1, 2]
    assert rows[-1]["error"] == {  # the status has been sent
        "type": "urn:misstep:problem:request", "title": "Malformed HTTP request", "status": 400, "code": "request",
        "detail": "the body ends before its gzip does; from here on it was not read",
    }  # fmt: skip


def test_rows_come_in_the_type_that_is_accepted(http: httpx.Client) -> None:
    answer = http.post("/assess/batch", content=b"[]", headers=LINES | {"accept": "application/jsonl"})
    assert answer.headers["content-type"] == "application/jsonl"


def test_a_line_that_is_too_long_costs_the_others_nothing(http: httpx.Client) -> None:
    long = b'[{"kind": "' + b"x" * 3_000_000 + b'"}]'
    rows = lines(http.post("/assess/batch", content=b"[]\n" + long + b"\n[]\n" + long, headers=LINES).content)
    assert [(row["line"], "error" in row) for row in rows] == [(1, False), (2, True), (3, False), (4, True)]
    assert "has more than 1000000 bytes" in str(rows[1])


def test_an_empty_batch_has_no_rows(http: httpx.Client) -> None:
    answer = http.post("/assess/batch", content=b"", headers=LINES)
    assert (answer.status_code, answer.content) == (200, b"")


def test_how_certain_an_answer_is_is_what_the_library_says(http: httpx.Client) -> None:
    record = b'[{"kind": "late_arrival"}]'
    answer = http.post("/certainty", content=record, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == RULEBASE.certainty_json(record)
    assert answer.headers["misstep-rulebase"] == TAG
    wrong = http.post("/certainty", content=b'[{"kind": "late_arival"}]', headers=JSON)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "record")
    assert http.post("/certainty", content=record, headers={"content-type": "text/plain"}).status_code == 415
    assert http.get("/certainty").status_code == 405


def test_the_questions_are_those_of_the_library(http: httpx.Client) -> None:
    record = b'[{"kind": "late_arrival"}]'
    answer = http.post("/questions", content=record, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == RULEBASE.questions_json(record)
    assert answer.headers["misstep-rulebase"] == TAG
    wrong = http.post("/questions", content=b'[{"kind": "late_arival"}]', headers=JSON)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "record")
    assert http.get("/questions").status_code == 405
