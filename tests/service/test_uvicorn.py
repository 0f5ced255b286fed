"""The inner parts of uvicorn that the limits of connections build on: no test of ours fails in a clearer way when they change."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable
from importlib.metadata import version

import pytest
from tests.end_to_end.command import ROOT
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState
from uvicorn.supervisors import Multiprocess

INSTALLED = version("uvicorn")
ADVICE = (
    f"uvicorn {INSTALLED} differs from the version that engine/misstep/service/protocol.py and server.py were written for: "
    "compare protocols/http/httptools_impl.py in both versions, then adapt our files, this list and the bound in pyproject.toml"
)
METHODS = {
    HttpToolsProtocol: {
        "__init__": ["self", "config", "server_state", "app_state", "_loop"],
        "connection_made": ["self", "transport"],
        "connection_lost": ["self", "exc"],
        "resume_writing": ["self"],
        "data_received": ["self", "data"],
        "on_header": ["self", "name", "value"],
        "on_headers_complete": ["self"],
        "on_body": ["self", "body"],
        "on_message_complete": ["self"],
        "on_response_complete": ["self"],
        "send_400_response": ["self", "msg"],
        "_unsupported_upgrade_warning": ["self"],
    },
    Config: {"load_app": ["self"]},
    Server: {"run": ["self", "sockets"]},
    Multiprocess: {"handle_hup": ["self"], "keep_subprocess_alive": ["self"], "run": ["self"]},
}
CONNECTION = {"app", "cycle", "flow", "headers", "loop", "pipeline", "server_state", "transport", "url"}
CYCLE = {"scope", "disconnected", "message_event", "response_started", "response_complete"}


def attributes_of(method: Callable[..., object]) -> set[str]:
    return set(re.findall(r"self\.(\w+)\b(?=[^=\n]* = )", inspect.getsource(method)))


@pytest.mark.parametrize(
    ("owner", "name", "parameters"), [(owner, *each) for owner, methods in METHODS.items() for each in methods.items()]
)
def test_methods_that_are_overridden_or_called_are_as_they_were(owner: type, name: str, parameters: list[str]) -> None:
    assert hasattr(owner, name), f"no {owner.__name__}.{name}. {ADVICE}"
    found = list(inspect.signature(getattr(owner, name)).parameters)
    assert found == parameters, f"{owner.__name__}.{name}. {ADVICE}"


def test_attributes_of_a_connection_and_of_a_request_are_as_they_were() -> None:
    missing = CONNECTION - attributes_of(HttpToolsProtocol.__init__) - attributes_of(HttpToolsProtocol.on_message_begin)
    assert not missing, f"HttpToolsProtocol has no {sorted(missing)}. {ADVICE}"
    missing = CYCLE - attributes_of(RequestResponseCycle.__init__)
    assert not missing, f"RequestResponseCycle has no {sorted(missing)}. {ADVICE}"
    assert "default_headers" in vars(ServerState()), f"ServerState has no default_headers. {ADVICE}"
    assert "processes" in attributes_of(Multiprocess.__init__), f"Multiprocess has no processes. {ADVICE}"


def test_the_bound_lets_in_no_other_minor_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    requirements = [*project["project"]["optional-dependencies"]["serve"], *project["dependency-groups"]["test"]]
    bounds = {each for each in requirements if isinstance(each, str) and each.startswith("uvicorn")}
    minor = int(INSTALLED.split(".")[1])
    assert bounds == {f"uvicorn>=0.{minor},<0.{minor + 1}"}, ADVICE
