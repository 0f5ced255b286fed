"""The description of the service: right by the standard, true of what is answered, with examples that were really given."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import httpx
import jsonschema
import pytest
import schemathesis.openapi
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.service.packs import write
from tests.service.running import SEED, Service, client_of, running

from misstep import Assessment, RuleBase, assess_json
from misstep.service.config import Settings
from misstep.service.problems import PROBLEM_TYPES
from misstep.service.served import load_served

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

LONG = os.environ.get("MISSTEP_TEST_PROFILE") == "long"
CASES = 20_000 if LONG else 400
LINES = "application/x-ndjson"


PATHS = {
    "/kinds": "/kinds",
    "/kinds/late_arrival": "/kinds/{kind}",
    "/rules/late-arrival": "/rules/{id}",
    "/version": "/version",
}


@schemathesis.serializer(LINES)
def as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def described(service: Service) -> Any:
    return httpx.get(f"{service.url}/openapi.json").json()


def test_the_description_is_openapi(described: Any) -> None:
    OpenAPIV31SpecValidator(described).validate()


def test_every_route_is_described_and_no_other(described: Any, service: Service) -> None:
    for path, methods in described["paths"].items():
        for method in methods:
            assert httpx.request(method, service.url + path.format(id="late-arrival", kind="late_arrival")).status_code != 404
    lines = httpx.get(f"{service.url}/metrics").text.splitlines()
    seen = {line.partition('route="')[2].partition('"')[0] for line in lines if line.startswith("misstep_requests_total{")}
    assert seen - {"none", "/docs"} <= set(described["paths"])  # a page for people


def test_examples_are_what_the_service_gives(described: Any) -> None:
    post = described["paths"]["/assess"]["post"]
    records = post["requestBody"]["content"]["application/json"]["examples"]
    answers = post["responses"]["200"]["content"]["application/json"]["examples"]
    assert len(records) == 3
    assert records.keys() == answers.keys()
    for name, record in records.items():
        assert json.loads(assess_json(json.dumps(record["value"]))) == answers[name]["value"]
    lines = described["paths"]["/assess/batch"]["post"]["requestBody"]["content"][LINES]["examples"]["lines"]["value"]
    assert [json.loads(line) for line in lines.splitlines()] == [record["value"] for record in records.values()]


def test_the_schema_of_an_assessment_is_the_librarys_with_the_words_of_the_rules(described: Any) -> None:
    own = Assessment.json_schema()
    del own["$defs"]
    for member in ("verdict", "outlook", "band"):
        own["properties"][member]["$ref"] = f"#/$defs/{member.capitalize()}"
    text = json.dumps(described["components"]["schemas"]["Assessment"]).replace("#/components/schemas/", "#/$defs/")
    assert json.loads(text) == own
    scale = RuleBase.shipped().program.scale
    enums = {name: set(described["components"]["schemas"][name]["enum"]) for name in ("Verdict", "Outlook", "Band")}
    assert enums == {
        "Verdict": {*scale.verdicts, "nothing_to_send"},
        "Outlook": set(scale.outlooks),
        "Band": set(scale.severity.words),
    }


def test_what_is_sent_about_the_rules_fits_its_schema_to_the_last_member(described: Any, service: Service) -> None:
    with client_of(service.url) as http:
        answers = {path: http.get(path).json() for path in PATHS}
    for path, answer in answers.items():
        described_path = described["paths"][PATHS[path]]["get"]
        schema = described_path["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer, {**schema, "components": described["components"]}, jsonschema.Draft202012Validator)


def test_records_fit_the_description_as_they_fit_the_schema(described: Any) -> None:
    validator = jsonschema.Draft202012Validator({"$ref": "#/components/schemas/Record", "components": described["components"]})
    assert validator.is_valid(json.loads(SEED))
    assert not validator.is_valid({"facts": [{"kind": "late_arival"}]})
    assert not validator.is_valid({"facts": [{"kind": "late_arrival", "minutes": "12"}]})


def test_rules_without_cases_have_an_example_too(tmp_path: Any) -> None:
    write(tmp_path / "packs", 1)
    served = load_served(Settings(rules=(tmp_path / "packs",)))
    described = json.loads(served.documents["/openapi.json"])
    (answer,) = described["paths"]["/assess"]["post"]["responses"]["200"]["content"]["application/json"]["examples"].values()
    assert answer["value"]["rulebase"]["name"] == "numbered"
    assert set(described["components"]["schemas"]["Fact"]["discriminator"]["mapping"]) == {"slip"}


def test_every_problem_is_described(described: Any) -> None:
    code = described["components"]["schemas"]["Problem"]["properties"]["code"]
    assert code["description"] == f"one of {', '.join(PROBLEM_TYPES)}"


# -- whatever is sent


@pytest.fixture(scope="module")
def quiet() -> Iterator[Service]:
    with running("--no-access-log") as service:
        service.wait_for("Application startup complete.")
        yield service


def not_a_server_error(response: Any) -> None:
    assert response.status_code < 500, response.status_code


CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]


SHARES = {"POST /assess": 0.8, "POST /assess/batch": 0.2, "GET /rules/{id}": 0.2}


def test_whatever_is_sent_the_answer_is_as_described(quiet: Service) -> None:
    """Requests made from the description, right and wrong ones: no error of ours, and every answer fits its schema."""
    schema = schemathesis.openapi.from_url(f"{quiet.url}/openapi.json")
    sent: Counter[tuple[str, int]] = Counter()
    for result in schema.get_all_operations():
        operation = cast(Any, result).ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            most = int(CASES * SHARES.get(operation.label, 0.02) / 2)

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=most, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            def send(case: Any) -> None:
                response = case.call(base_url=quiet.url)
                sent[case.operation.label, response.status_code] += 1
                not_a_server_error(response)
                case.validate_response(response, checks=CHECKS)

            try:
                send()
            except Unsatisfiable:  # nothing can be wrong where nothing is taken but text
                assert operation.method == "get"
    print(dict(sent), sent.total())
    assert sent.total() >= CASES
    assert sent["POST /assess", 200] > CASES / 10
    assert sent["POST /assess", 422] > CASES / 10
    assert not [line for line in quiet.lines if line["level"] == "error"]
