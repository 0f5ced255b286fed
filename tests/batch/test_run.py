"""A run: what it writes is what assess says, however it is made, and what would lose or double anything is refused."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pyarrow.parquet as pq
import pytest

import misstep
from misstep import EngineError, RecordError, UsageError
from misstep.batch import run as running
from misstep.batch.columns import OutputOptions
from misstep.batch.journal import Journal, PartNote
from misstep.batch.run import Progress, score
from misstep.batch.tasks import Task, score_part
from misstep.batch.workers import Processes
from misstep.tools.sample import sample_records

FIXTURES = Path(__file__).parents[2] / "fixtures"
WRONG = b'{"id": "w", "facts": [{"kind": "late_arival"}]}\n'
SMALL = 30_000  # bytes of a part: some fifty interviews


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PART_BYTES", SMALL)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 interviews with two columns, one of them wrong, and one line that is torn."""
    file = tmp_path_factory.mktemp("log") / "log.jsonl"
    records = sample_records(misstep.RuleBase.shipped(), 300, 3, ["team", "month"])
    lines = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records]
    lines[17] = WRONG
    lines.append(b'{"id": "torn", "facts": [{"ki')
    file.write_bytes(b"".join(lines))
    return file


def rows(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return found


def every_file(folder: Path) -> dict[str, bytes]:
    """All that a run left, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- what it says


def test_what_is_written_is_what_assess_says(log: Path, tmp_path: Path) -> None:
    outcome = score(
        log, tmp_path / "scores.parquet", keep=["team", "month"], tables=["actions", "findings"], assessment=True, workers=1
    )
    interviews = {row["row"]: row for row in rows(tmp_path / "scores.parquet")}
    findings = rows(tmp_path / "scores.findings.parquet")
    actions = rows(tmp_path / "scores.actions.parquet")
    assert (outcome.interviews, outcome.rejects, outcome.resumed) == (299, 2, 0)
    for number, line in enumerate(log.read_bytes().splitlines(), start=1):
        if number in (18, 301):
            assert number not in interviews
            continue
        record = json.loads(line)
        team = record.pop("team")
        record.pop("month")
        expected = misstep.assess(record)
        row = interviews[number]
        assert (row["file"], row["id"], row["team"]) == (str(log), record["id"], team)
        assert row["assessment"].encode() == misstep.assess_json(orjson.dumps(record))
        assert (row["damage"], row["band"], row["verdict"]) == (expected.damage, expected.band, expected.verdict)
        assert row["actions"] == [action.action for action in expected.actions]
        assert [f["kind"] for f in findings if f["row"] == number] == [finding.kind for finding in expected.findings]
        ours = [a for a in actions if a["row"] == number]
        assert row["first_occasion"] == (expected.steps[0].occasion if expected.steps else None)
        assert [
            (a["rank"], a["occasion"], a["channel"], a["due_hours"], a["action"], a["priority"], tuple(a["for"])) for a in ours
        ] == [
            (step.rank, step.occasion, step.channel, step.due_hours, a.action, a.priority, a.targets)
            for step in expected.steps
            for a in step.actions
        ]
    assert not (tmp_path / "scores.parquet.misstep-run").exists()


def test_rejects_say_where(log: Path, tmp_path: Path) -> None:
    outcome = score(log, tmp_path / "scores.parquet", keep=["team", "month"], workers=1)
    first, torn = map(json.loads, (tmp_path / "scores.rejects.jsonl").read_text(encoding="utf-8").splitlines())
    assert (first["file"], first["row"]) == (str(log), 18)
    message = "there is no such kind; did you mean 'late_arrival'?"
    assert first["problems"] == [{"column": 33, "pointer": "/facts/0/kind", "message": message}]
    assert torn["row"] == 301
    assert "late_arival" not in json.dumps(torn)
    assert [example.row for example in outcome.summary.reject_examples] == [18, 301]


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl", "scores.csv"])
def test_where_every_record_is_wrong_the_output_has_its_columns_and_no_rows(tmp_path: Path, name: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(WRONG * 2 + b'{"facts": [{"kind": "late_arrival", "minutes": 0}]}\n')
    outcome = score(tmp_path / "log.jsonl", tmp_path / name, workers=1, progress=None, then=None)
    assert (outcome.interviews, outcome.rejects) == (0, 3)
    found = misstep.read_scores(tmp_path / name).to_arrow()
    assert (found.num_rows, found.schema.names) == (0, OutputOptions().schema("interviews").names)


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl", "scores.csv"])
def test_processes_write_the_same_bytes_as_one(log: Path, tmp_path: Path, name: str) -> None:
    for folder, workers in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        score(
            log,
            tmp_path / folder / name,
            keep=["team", "month"],
            tables=["findings", "actions"],
            assessment=True,
            workers=workers,
        )
    assert every_file(tmp_path / "one") == every_file(tmp_path / "two")
    assert len(every_file(tmp_path / "one")) == 5


def test_forms_say_the_same(log: Path, tmp_path: Path) -> None:
    for name in ("a.parquet", "a.jsonl", "a.csv"):
        score(log, tmp_path / name, keep=["team", "month"], workers=1, overwrite=True)
    expected = rows(tmp_path / "a.parquet")
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()] == expected
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    assert [(c["id"], float(c["damage"]), c["acts"], c["actions"]) for c in cells] == [
        (row["id"], row["damage"], str(row["acts"]).lower(), ";".join(row["actions"])) for row in expected
    ]


def test_a_log_without_a_mistake_in_it_has_no_file_of_rejects(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b'{"facts": []}\n')
    outcome = score(tmp_path / "log.jsonl", tmp_path / "scores.parquet", workers=1)
    assert sorted(outcome.files) == ["interviews"]
    assert not (tmp_path / "scores.rejects.jsonl").exists()
    score(tmp_path / "log.jsonl", tmp_path / "b.parquet", workers=1, rejects=tmp_path / "r.jsonl")
    assert (tmp_path / "r.jsonl").read_bytes() == b""


def test_rules_of_ones_own(tmp_path: Path) -> None:
    rules = misstep.RuleBase.load(FIXTURES / "incidents" / "rules")
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in sample_records(rules, 60, 1)))
    outcome = score(log, tmp_path / "scores.parquet", rules=rules, workers=2)
    assert (outcome.interviews, outcome.rejects) == (60, 0)
    expected = [rules.assess(record).band for record in sample_records(rules, 60, 1)]
    assert [row["band"] for row in rows(tmp_path / "scores.parquet")] == expected


def test_two_rule_bases_are_compared(log: Path, tmp_path: Path) -> None:
    baseline = misstep.RuleBase.load(FIXTURES / "packs" / "acme")
    one = score(log, tmp_path / "a.parquet", keep=["team", "month"], baseline=baseline, workers=1).comparison
    two = score(log, tmp_path / "b.parquet", keep=["team", "month"], baseline=baseline, workers=2).comparison
    assert one is not None
    assert two is not None
    assert one.to_json() == two.to_json()
    assert json.loads(orjson.dumps(one.to_json())) == json.loads((tmp_path / "a.baseline.json").read_bytes())
    assert (one.compared, one.neither) == (299, 2)
    assert one.changed > 0


def test_progress_never_falls_and_ends_with_all(log: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    score(log, tmp_path / "scores.parquet", keep=["team", "month"], workers=1, progress=told.append)
    assert len(told) > 3
    assert [p.interviews for p in told] == sorted(p.interviews for p in told)
    assert told[-1] == Progress(299, 299, 2, 1.0)


# -- what is refused


def test_what_is_there_stays_unless_it_is_to_be_replaced(log: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.parquet"
    score(log, output, keep=["team", "month"], workers=1)
    before = every_file(tmp_path)
    for name, also in (("scores.parquet", {}), ("new.parquet", {"rejects": tmp_path / "scores.rejects.jsonl"})):
        with pytest.raises(UsageError, match="is there already; give --overwrite to replace it, or choose another name"):
            score(log, tmp_path / name, keep=["team", "month"], workers=1, **also)  # type: ignore[arg-type]
    assert every_file(tmp_path) == before
    score(log, output, keep=["month", "team"], workers=1, overwrite=True)
    assert every_file(tmp_path) != before


def test_nothing_of_a_run_before_is_left_beside_a_new_one(log: Path, tmp_path: Path) -> None:
    (tmp_path / "scores.actions.parquet").write_bytes(b"of somebody else")
    score(log, tmp_path / "scores.parquet", keep=["team", "month"], tables=["findings"], workers=1)
    assert (tmp_path / "scores.findings.parquet").exists()
    (tmp_path / "good.jsonl").write_bytes(b'{"facts": []}\n')
    score(tmp_path / "good.jsonl", tmp_path / "scores.parquet", workers=1, overwrite=True)
    assert not (tmp_path / "scores.rejects.jsonl").exists()
    assert not (tmp_path / "scores.findings.parquet").exists()
    assert (tmp_path / "scores.actions.parquet").read_bytes() == b"of somebody else"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("logs/scores.parquet", "logs/scores.parquet: lies in the input {}/logs; write elsewhere"),
        ("nowhere/scores.parquet", "nowhere/scores.parquet: there is no folder {}/nowhere"),
        ("scores.xlsx", "unsupported file extension; it is one of *.parquet, *.jsonl (JSON lines) and *.csv"),
        ("scores.parqet", "unsupported file extension; did you mean '.parquet'?"),
        ("logs", "unsupported file extension"),
    ],
)
def test_outputs_that_make_no_sense(tmp_path: Path, output: str, message: str) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_bytes(b'{"facts": []}\n')
    before = every_file(tmp_path)
    with pytest.raises(UsageError) as caught:
        score(tmp_path / "logs", tmp_path / output, workers=1)
    assert message.format(tmp_path) in str(caught.value)
    assert every_file(tmp_path) == before
    assert not list(tmp_path.rglob("*.misstep-run"))


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"facts": []}\n')
    for name in (str(log), str(tmp_path / "*.jsonl")):
        with pytest.raises(UsageError, match="write elsewhere"):
            score(name, log, workers=1, overwrite=True)
    assert log.read_bytes() == b'{"facts": []}\n'


@pytest.mark.parametrize("keep", [["damage"], ["id"], ["team", "team"], ["file"]])
def test_a_column_would_be_there_twice(log: Path, tmp_path: Path, keep: Sequence[str]) -> None:
    with pytest.raises(UsageError, match=f"keep: the result would have the column '{keep[0]}' twice"):
        score(log, tmp_path / "scores.parquet", keep=keep, workers=1)


def test_too_many_rejects(log: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="more than 1 records are invalid, the limit of --max-rejects"):
        score(log, tmp_path / "scores.parquet", keep=["team", "month"], workers=1, max_rejects=1)
    assert not (tmp_path / "scores.parquet").exists()
    outcome = score(log, tmp_path / "scores.parquet", keep=["team", "month"], workers=1, max_rejects=2)
    assert (outcome.interviews, outcome.rejects, outcome.resumed) == (299, 2, 299)


# -- going on


class Stopped(BaseException):
    pass


def stopping(after: int) -> Callable[[Progress], None]:
    """Stops a run once so many parts are done."""
    left = iter(range(after))

    def progress(_: Progress) -> None:
        if next(left, None) is None:
            raise Stopped

    return progress


def begun(log: Path, output: Path, after: int = 2, **options: Any) -> None:
    with pytest.raises(Stopped):
        score(log, output, keep=["team", "month"], workers=1, progress=stopping(after), **options)
    assert not output.exists()


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_run_that_was_stopped_goes_on(log: Path, tmp_path: Path, after: int) -> None:
    (tmp_path / "whole").mkdir()
    score(log, tmp_path / "whole" / "scores.parquet", keep=["team", "month"], workers=1)
    (tmp_path / "torn").mkdir()
    output = tmp_path / "torn" / "scores.parquet"
    begun(log, output, after)
    outcome = score(log, output, keep=["team", "month"], workers=1 + after % 2)
    assert outcome.resumed > 0
    assert outcome.interviews == 299
    assert every_file(tmp_path / "torn") == every_file(tmp_path / "whole")


def other_rules(log: Path, output: Path) -> dict[str, Any]:
    return {"rules": misstep.RuleBase.load(FIXTURES / "packs" / "acme")}


def other_columns(log: Path, output: Path) -> dict[str, Any]:
    return {"assessment": True}


def other_baseline(log: Path, output: Path) -> dict[str, Any]:
    return {"baseline": misstep.RuleBase.load(FIXTURES / "packs" / "acme")}


@pytest.mark.parametrize("other", [other_rules, other_columns, other_baseline])
def test_a_journal_of_another_run_is_refused(log: Path, tmp_path: Path, other: Callable[..., dict[str, Any]]) -> None:
    output = tmp_path / "scores.parquet"
    begun(log, output)
    what = other.__name__.removeprefix("other_")
    with pytest.raises(UsageError, match=f"holds a run with other {what} that was not finished; resume it with those it was"):
        score(log, output, keep=["team", "month"], workers=1, **other(log, output))
    outcome = score(log, output, keep=["team", "month"], workers=1, overwrite=True, **other(log, output))
    assert (outcome.interviews, outcome.resumed) == (299, 0)


def test_a_journal_that_another_version_left_is_refused(log: Path, tmp_path: Path) -> None:
    """One of before the columns had a version: its parts have other columns, so it cannot go on here, only begin anew."""
    output = tmp_path / "scores.parquet"
    begun(log, output)
    about = tmp_path / "scores.parquet.misstep-run" / "run.json"
    kept = json.loads(about.read_bytes())
    del kept["version of its columns"]
    about.write_text(json.dumps({**kept, "columns": "of another time", "rules": "of another time"}), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        score(log, output, keep=["team", "month"], workers=1)
    assert str(error.value).removeprefix(f"{tmp_path}/") == (
        "scores.parquet.misstep-run: holds a run that another version of misstep began and did not finish; finish it with that"
        " one, or give --overwrite to start anew"
    )
    outcome = score(log, output, keep=["team", "month"], workers=1, overwrite=True)
    assert (outcome.interviews, outcome.resumed) == (299, 0)


def test_a_journal_of_other_inputs_is_refused(log: Path, tmp_path: Path) -> None:
    begun(log, tmp_path / "scores.parquet")
    (tmp_path / "other.jsonl").write_bytes(b'{"facts": []}\n')
    with pytest.raises(UsageError, match="holds a run with other inputs that was not finished"):
        score(tmp_path / "other.jsonl", tmp_path / "scores.parquet", keep=["team", "month"], workers=1)


def test_an_input_that_has_changed_meanwhile(log: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes(log.read_bytes())
    output = tmp_path / "scores.parquet"
    begun(mine, output, 3)
    lines = mine.read_bytes().splitlines(keepends=True)
    lines[0] = b'{"id": "other", "facts": []}\n'
    mine.write_bytes(b"".join(lines))
    with pytest.raises(UsageError, match="has changed since the run began, from row 1 on; give --overwrite to score it"):
        score(mine, output, keep=["team", "month"], workers=1)
    assert not output.exists()
    outcome = score(mine, output, keep=["team", "month"], workers=1, overwrite=True)
    assert outcome.interviews == 299
    assert rows(output)[0]["id"] == "other"


def test_two_runs_at_once_do_not_mix(log: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.parquet"

    def meanwhile(_: Progress) -> None:
        with pytest.raises(UsageError, match="another run is using it; wait for it, or choose another output"):
            score(log, output, keep=["team", "month"], workers=1)

    assert score(log, output, keep=["team", "month"], workers=1, progress=meanwhile).interviews == 299


def test_a_process_that_a_run_before_left_behind_does_no_harm(log: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.parquet"
    late: list[Task] = []

    def keeping(task: Task) -> PartNote:
        late.append(task)
        return score_part(task)

    with mock.patch.object(running, "score_part", keeping):
        begun(log, output)
    other = misstep.RuleBase.load(FIXTURES / "packs" / "acme")

    def meanwhile(_: Progress) -> None:
        with pytest.raises(FileNotFoundError):
            score_part(late[0])  # with the rules of the run before, under the number of a part of this one

    score(log, output, keep=["team", "month"], rules=other, workers=1, overwrite=True, progress=meanwhile)
    (tmp_path / "new").mkdir()
    score(log, tmp_path / "new" / "scores.parquet", keep=["team", "month"], rules=other, workers=1)
    assert output.read_bytes() == (tmp_path / "new" / "scores.parquet").read_bytes()


# -- what can happen to a machine


class Disk:
    """A disk on which the ``fails``-th file that is to be whole cannot be."""

    def __init__(self, fails: int) -> None:
        self.left = fails
        self._replace = Path.replace

    def replace(self, path: Path, target: Path) -> Path:
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return self._replace(path, target)

    def fills(self, run: Callable[[], object]) -> bool:
        """Whether a run ends because it is full."""
        try:
            run()
        except OSError as error:
            return error.errno == errno.ENOSPC
        return False


def test_whichever_write_fails_the_same_command_goes_on(log: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.jsonl"
    short.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:60]))  # two parts
    (tmp_path / "whole").mkdir()
    score(short, tmp_path / "whole" / "scores.parquet", keep=["team", "month"], tables=["findings"], workers=1)
    expected = every_file(tmp_path / "whole")
    fails = 0
    for fails in range(1, 200):
        folder = tmp_path / f"torn-{fails}"
        folder.mkdir()
        output = folder / "scores.parquet"
        disk = Disk(fails)
        with mock.patch.object(Path, "replace", lambda path, target, disk=disk: disk.replace(path, target)):
            if not disk.fills(partial(score, short, output, keep=["team", "month"], tables=["findings"], workers=1)):
                break  # there were fewer writes
        assert not output.exists()
        assert not list(folder.rglob("*.tmp"))
        score(short, output, keep=["team", "month"], tables=["findings"], workers=1)
        assert every_file(folder) == expected
    assert fails > 10


def killing(marker: Path, always: bool) -> Callable[[Task], PartNote]:
    return _Killing(marker, always)


class _Killing:
    """Scores a part, but for the first or every time that the third is tried: then it takes its process with it."""

    def __init__(self, marker: Path, always: bool) -> None:
        self.marker, self.always = marker, always

    def __call__(self, task: Task) -> PartNote:
        if task.part.number == 2 and (self.always or not self.marker.exists()):
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return score_part(task)


def test_a_process_that_dies_is_replaced(log: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    score(log, tmp_path / "whole" / "scores.parquet", keep=["team", "month"], workers=1)
    (tmp_path / "torn").mkdir()
    with mock.patch.object(running, "score_part", killing(tmp_path / "died", always=False)):
        outcome = score(log, tmp_path / "torn" / "scores.parquet", keep=["team", "month"], workers=2)
    assert (tmp_path / "died").exists()
    assert outcome.interviews == 299
    assert every_file(tmp_path / "torn") == every_file(tmp_path / "whole")


def test_a_part_that_always_kills_its_process_is_named(log: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.parquet"
    told = pytest.raises(EngineError, match=r"log\.jsonl from row \d+: its process died 3 times, also when it was retried alone")
    with mock.patch.object(running, "score_part", killing(tmp_path / "died", always=True)), told:
        score(log, output, keep=["team", "month"], workers=2)
    assert not output.exists()
    assert score(log, output, keep=["team", "month"], workers=1).interviews == 299


def test_more_tasks_than_fit_in_memory_are_asked_for_as_they_are_done() -> None:
    asked: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(40):
            asked.append(number)
            yield number

    for done, _ in enumerate(Processes(1).run(abs, tasks())):
        assert len(asked) <= done + 4
    assert len(asked) == 40


def test_a_folder_of_an_empty_journal_is_taken_away(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {"rules": "a"}) as journal:
        assert journal.note(0) is None
        journal.forget()
    assert not (tmp_path / "j").exists()
