"""The files for those who run the service: what they name is there, and fits together."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
import yaml
from tests.end_to_end.command import ROOT
from tests.service.running import Service

from misstep.cli.serve import serve
from misstep.service.config import Settings
from misstep.service.openapi import OPERATIONS

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def unit(name: str) -> str:
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", (DEPLOY / "misstep.service").read_text("utf-8"))
    return str(value)


def nginx(directive: str) -> list[str]:
    return re.findall(rf"(?m)^\s*{directive} (.*?);", (DEPLOY / "nginx.conf").read_text("utf-8"))


def test_the_command_of_the_unit_is_one() -> None:
    program, command, *options = shlex.split(unit("ExecStart"))
    assert (Path(program).name, command) == ("misstep", "serve")
    context = serve.make_context("serve", options)
    assert context.params["port"] == 8000
    assert context.params["allowed_hosts"] == tuple(set(nginx("server_name")))


def test_limits_in_front_are_those_of_the_service() -> None:
    defaults = Settings()
    assert nginx("client_max_body_size") == [f"{defaults.body_bytes // 10**6}m", f"{defaults.batch_bytes // 10**6}m"]
    assert nginx("proxy_read_timeout")[1] == f"{defaults.batch_seconds:g}s"
    assert int(nginx("proxy_read_timeout")[0][:-1]) > defaults.request_seconds
    assert int(unit("TimeoutStopSec")) > defaults.shutdown_seconds
    assert nginx("server")[0] == f"127.0.0.1:{defaults.port}"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_dashboard_asks_for_figures_that_there_are(expression: str, service: Service) -> None:
    httpx.post(f"{service.url}/assess", content=b"[]", headers={"content-type": "application/json"})
    service.send(b"no HTTP")
    figures = httpx.get(f"{service.url}/metrics").text
    asked = re.findall(r"misstep_\w+", expression)
    assert asked
    for name in asked:
        assert re.search(rf"(?m)^{name}[ {{]", figures), name
    by = {label for labels in re.findall(r"by \(([\w, ]+)\)", expression) for label in labels.split(", ")}
    assert all(re.search(rf'(?m)^{asked[0]}{{.*\b{label}="', figures) for label in by)
    assert expression.count("(") == expression.count(")")


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


def test_settings_are_those_of_the_command() -> None:
    """Every option has the default of the setting of its name."""
    params = serve.make_context("serve", []).params
    assert Settings(**params) == Settings()


# -- containers


def instructions(name: str) -> list[str]:
    return re.findall(rf"(?m)^{name} (.*)$", (DEPLOY / "Containerfile").read_text("utf-8"))


def test_the_container_runs_the_command_as_a_user_without_rights() -> None:
    program, command, *options = json.loads(instructions("ENTRYPOINT")[0])
    assert (program, command) == ("misstep", "serve")
    context = serve.make_context("serve", options)
    assert (context.params["host"], context.params["port"]) == ("0.0.0.0", int(instructions("EXPOSE")[0]))
    user, group = map(int, instructions("USER")[0].split(":"))
    assert user >= 10_000 and group >= 10_000  # noqa: PT018 - no user of the host
    _, _, health = instructions("HEALTHCHECK")[0].partition(" CMD ")
    assert "/healthz" in " ".join(json.loads(health))
    copied = {name for line in instructions("COPY") if not line.startswith("--from") for name in line.split()[:-1]}
    assert copied == {"pyproject.toml", "README.md", "LICENSE", "rules", "engine"}, "nothing else is needed to build the wheel"
    assert all((ROOT / name).exists() for name in copied)


def test_compose_and_kubernetes_run_that_container() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["misstep"]
    deployment, service = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    serve.make_context("serve", compose["command"])
    assert compose["build"] == {"context": "..", "dockerfile": "deploy/Containerfile"}
    assert compose["ports"] == [f"127.0.0.1:8000:{instructions('EXPOSE')[0]}"]
    assert compose["read_only"]
    assert compose["cap_drop"] == ["ALL"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == instructions("USER")[0]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["ports"] == [
        {"name": service["spec"]["ports"][0]["targetPort"], "containerPort": int(instructions("EXPOSE")[0])}
    ]
    assert {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} <= OPERATIONS.keys()
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    shutdown = Settings().shutdown_seconds
    assert pod["terminationGracePeriodSeconds"] > shutdown
    assert int(compose["stop_grace_period"][:-1]) > shutdown
