"""Rules that change while the service runs: the new ones whole or the old ones whole, and no request that fails for it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.service.packs import RECORD, numbers_in, write
from tests.service.running import Service, client_of, running, until

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

RELOADS = 1_000 if os.environ.get("MISSTEP_TEST_PROFILE") == "long" else 60
JSON = {"content-type": "application/json"}


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    write(tmp_path / "packs", 0)
    return tmp_path / "packs"


@pytest.fixture
def numbered(packs: Path) -> Iterator[Service]:
    with running("--rules", packs) as service:
        service.wait_for("Application startup complete.")
        yield service


def number_of(service: Service) -> str:
    answer = httpx.post(f"{service.url}/assess", content=RECORD, headers=JSON, timeout=60)
    return " and ".join(sorted(numbers_in(answer.json())))  # more than one while only some of the files are written


def hang_up(service: Service) -> None:
    service.process.send_signal(signal.SIGHUP)


@dataclass
class Caller:
    """Calls as long as it may; what came is in ``seen``, and whatever should not be in ``wrong``."""

    url: str
    wanted: threading.Event
    seen: dict[str, str] = field(default_factory=dict)
    wrong: list[object] = field(default_factory=list)
    answers: int = 0

    def __call__(self) -> None:
        with client_of(self.url) as http:
            while self.wanted.is_set():
                self.once(http, "/assess", RECORD, JSON)
                self.once(http, "/assess/batch", RECORD + b"\n" + RECORD, {"content-type": "application/x-ndjson"})

    def once(self, http: httpx.Client, path: str, content: bytes, headers: dict[str, str]) -> None:
        try:
            answer = http.post(path, content=content, headers=headers)
            lines = [httpx.Response(200, content=line).json() for line in answer.content.splitlines()]
            rows = [line.get("assessment", line) for line in lines]
            numbers = {number for row in rows for number in numbers_in(row)}
            tags = {answer.headers["misstep-rulebase"].split("/")[-1].strip('"'), *(row["rulebase"]["digest"] for row in rows)}
        except (httpx.HTTPError, LookupError, ValueError, AssertionError) as error:
            self.wrong.append(error)
            return
        self.answers += 1
        if answer.status_code != 200 or len(numbers) != 1 or len(tags) != 1:
            self.wrong.append((answer.status_code, numbers, tags))
        elif self.seen.setdefault(*numbers, *tags) != min(tags):
            self.wrong.append(f"two rule bases are number {numbers}")


def test_reloads_under_load_cost_no_request_and_mix_nothing(numbered: Service, packs: Path) -> None:
    wanted = threading.Event()
    wanted.set()
    callers = [Caller(numbered.url, wanted) for _ in range(4)]
    threads = [threading.Thread(target=caller) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        loaded = refused = 0
        for number in range(1, RELOADS + 1):
            broken = number % 5 == 0
            write(packs, number, broken)
            hang_up(numbered)
            loaded, refused = loaded + (not broken), refused + broken
            numbered.wait_for("reloaded", loaded)
            numbered.wait_for("reload refused", refused)
    finally:
        wanted.clear()
        for thread in threads:
            thread.join()
    assert [caller.wrong for caller in callers] == [[]] * 4
    seen = {number for caller in callers for number in caller.seen}
    right = {str(number) for number in range(RELOADS + 1) if number % 5 or not number}
    assert seen <= right
    assert len(seen) > len(right) / 4
    assert number_of(numbered) == str(RELOADS - 1)
    assert f'misstep_reloads_total{{outcome="refused"}} {float(refused)}' in httpx.get(f"{numbered.url}/metrics").text


def test_a_broken_pack_is_refused_with_its_place_and_the_old_rules_stay(numbered: Service, packs: Path) -> None:
    tag = httpx.get(f"{numbered.url}/version").headers["etag"]
    write(packs, 1, broken=True)
    hang_up(numbered)
    (line,) = numbered.wait_for("reload refused")
    assert line["level"] == "error"
    assert "rules.yaml:5:12: slip:" in line["problems"][0]
    assert "did you mean 'slip'?" in line["problems"][0]
    assert httpx.get(f"{numbered.url}/version").headers["etag"] == tag
    (packs / "rules.yaml").unlink()
    (packs / "names.yaml").unlink()
    hang_up(numbered)
    numbered.wait_for("reload refused", 2)
    assert number_of(numbered) == "0"
    assert httpx.get(f"{numbered.url}/readyz").status_code == 200
    write(packs, 2)
    hang_up(numbered)
    numbered.wait_for("reloaded")
    assert number_of(numbered) == "2"


def test_all_that_is_told_of_the_rules_changes_with_them(numbered: Service, packs: Path) -> None:
    paths = ["/kinds", "/rules/slip", "/version", "/openapi.json"]
    before = [httpx.get(numbered.url + path) for path in paths]
    write(packs, 7)
    hang_up(numbered)
    numbered.wait_for("reloaded")
    for path, old in zip(paths, before, strict=True):
        new = httpx.get(numbered.url + path, headers={"if-none-match": old.headers["etag"]})
        assert new.status_code == 200
        assert new.headers["etag"] != old.headers["etag"]
        assert new.content != old.content
    figures = httpx.get(f"{numbered.url}/metrics").text
    info = {
        line.partition('version="')[2][:5]: line[-3:]
        for line in figures.splitlines()
        if line.startswith("misstep_rulebase_info{")
    }
    assert info == {"1.0.0": "0.0", "1.7.0": "1.0"}


def test_packs_that_are_watched_are_read_again_when_they_change(packs: Path) -> None:
    with running("--rules", packs, "--reload") as service:
        service.wait_for("watching")
        write(packs, 1)
        until(lambda: number_of(service) == "1", "the first change")
        write(packs, 2, broken=True)
        service.wait_for("reload refused")
        assert number_of(service) == "1"
        write(packs, 3)
        until(lambda: number_of(service) == "3", "what is right again")


def test_a_single_file_is_watched_also_when_it_is_replaced(packs: Path) -> None:
    with running("--rules", packs / "names.yaml", "--rules", packs / "rules.yaml", "--reload") as service:
        service.wait_for("watching")
        for number in (1, 2, 3):
            write(packs, number)
            until(lambda wanted=str(number): number_of(service) == wanted, f"change {number}")


@pytest.fixture
def two(packs: Path) -> Iterator[Service]:
    with running("--rules", packs, "--workers", "2") as service:
        service.wait_for("Application startup complete.", 2)
        yield service


def test_every_worker_reads_the_packs_again(two: Service, packs: Path) -> None:
    write(packs, 1)
    hang_up(two)
    lines = two.wait_for("reloaded", 2)
    assert len({line["process"] for line in lines}) == 2
    assert {number_of(two) for _ in range(50)} == {"1"}


def test_figures_are_those_of_all_workers(two: Service) -> None:
    for _ in range(40):
        number_of(two)
    figures = {httpx.get(f"{two.url}/metrics").text for _ in range(5)}
    for text in figures:
        assert 'misstep_assessments_total{outcome="assessed",via="single"} 40.0' in text
    workers = {line["process"] for line in two.events("request")}
    assert len(workers) == 2


def test_a_worker_that_dies_is_replaced(two: Service) -> None:
    first = two.events("Application startup complete.")[0]["process"]
    os.kill(first, signal.SIGKILL)
    two.wait_for("Application startup complete.", 3)
    assert {number_of(two) for _ in range(20)} == {"0"}
    assert two.stop() == 0
