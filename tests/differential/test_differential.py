"""The differential check itself: that it sees a fault, makes it small, goes on where it stopped, and counts right."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.differential.__main__ import main, run_block
from tests.differential.drawn import draw, features
from tests.differential.faults import ROOT, faults
from tests.differential.smaller import smaller
from tests.differential.voices import check

from misstep.evaluate.memory import Memory
from misstep.language.facts import Row


def test_a_number_draws_the_same_program() -> None:
    for number in range(8):
        one, other = draw(number), draw(number)
        assert one.texts == other.texts
        assert one.records == other.records
        assert features(one) == features(other)


def test_programs_of_whole_numbers_fire_and_agree() -> None:
    block = run_block(7, 2, 1, 0, stop=False)
    assert not block.differs
    assert block.counts["integers alone, for clingo"] == 1
    assert block.counts["firings"] > 0


def test_a_fault_is_seen_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = Memory.lookup

    def faulty(self: Memory, rows: list[Row], column: int, value: object, findings: bool = False) -> list[Row]:
        return [*lookup(self, rows, column, value, findings)][1:]

    monkeypatch.setattr(Memory, "lookup", faulty)
    drawn = draw(67)
    assert check(drawn).differs == "oracle"
    small = smaller(drawn, durable=False)
    assert check(small).differs == "oracle"
    assert len(small.texts[0]) < len(drawn.texts[0]) / 2
    assert len(small.records[0]) <= 2 * 8
    monkeypatch.undo()
    assert not check(small).differs


def test_what_a_voice_raises_is_a_difference() -> None:
    drawn = draw(0)
    assert check(replace(drawn, records=[[{"kind": "no_such"}]])).differs.startswith("python (RecordError: ")


def test_it_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept.jsonl"
    arguments = ["differential", "--programs", "4", "--jobs", "1", "--resume", str(kept)]
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("figure: 4 programs, ")
    head, block = map(json.loads, kept.read_text().splitlines())
    block["counts"]["programs"], block["differs"] = 3, {"2": "core"}
    kept.write_text(f"{json.dumps(head)}\n{json.dumps(block)}\n{{half")
    monkeypatch.setattr("sys.argv", [*arguments, "--first"])
    assert main() == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("figure: 3 programs, 11 records, 1 differ")
    kept.write_text(json.dumps({**head, "seed": 8}) + "\n")
    with pytest.raises(SystemExit, match="of another seed"):
        main()


@pytest.mark.parametrize("engine", ["python", "core", "durable"])
def test_every_fault_has_its_place(engine: str) -> None:
    seeded = faults(engine)
    assert len(seeded) == 40
    assert len({tuple(fault.values()) for fault in seeded}) == 40
    for fault in seeded:
        text = (ROOT / fault["file"]).read_text(encoding="utf-8")
        assert text.count(fault["before"]) == 1, fault
