"""What was found out about two rule bases, as text and as plain data."""

from __future__ import annotations

from misstep.errors import printable
from misstep.tools.proofs.promise_report import record_text
from misstep.tools.proofs.prove import ProofAnswer
from misstep.tools.proofs.same import Sameness

_SAID: dict[ProofAnswer, str] = {
    "proved": "the same answers to every record",
    "refuted": "not the same answers to every record",
    "not decided": "the same answers, as far as was searched",
}


def sameness_text(found: Sameness) -> str:
    """Whether the answers are the same, and a record with two of them."""
    lines = [f"{found.answer}: {_SAID[found.answer]}"]
    if found.record is None or found.old is None or found.new is None:
        lines.append(f"  {found.method}")
    else:
        lines.append(f"  record  {record_text(found.record)}")
        lines += [f"  {part}: {value or 'nothing'} -> {found.new[part] or 'nothing'}" for part, value in found.old.items()]
    return "".join(printable(line) + "\n" for line in lines)


def sameness_json(found: Sameness) -> dict[str, object]:
    """The same as plain data."""
    return {
        "answer": found.answer.replace(" ", "_"),
        "method": found.method,
        "record": found.record,
        "old": found.old,
        "new": found.new,
    }
