"""The names of the facts of a session: those of the caller, and made ones that collide with none of them."""

from __future__ import annotations

import pytest

from misstep import RecordError, RuleBase, UsageError
from misstep.assessment.session import RETRACTED


def test_a_made_name_is_nobodys_id() -> None:
    with RuleBase.shipped().session() as session:
        names = [session.post({"kind": kind}) for kind in ("phone_rang", "bad_joke")]
        own = [session.post({"kind": "rambling", "id": f"#{number}"}) for number in range(5)]
        assert own == ["#0", "#1", "#2", "#3", "#4"]
        assert len({*names, *own}) == 7
        for name in own:
            session.retract(name)
        assert {finding.kind for finding in session.assessment().findings} == {"phone_rang", "bad_joke"}
        session.retract(names[0])
        assert [finding.kind for finding in session.assessment().findings] == ["bad_joke"]
        with pytest.raises(UsageError, match="is retracted already"):
            session.retract(names[0])


def test_what_is_remembered_of_retracted_facts_is_bounded() -> None:
    with RuleBase.shipped().session() as session:
        for number in range(RETRACTED + 1):
            session.retract(session.post({"kind": "rambling", "id": f"#{number}"}))
        with pytest.raises(UsageError, match="is retracted already"):
            session.retract(f"#{RETRACTED}")
        with pytest.raises(UsageError, match="was never posted"):
            session.retract("#0")


def test_an_id_is_taken_once() -> None:
    with RuleBase.shipped().session() as session:
        session.post({"kind": "phone_rang", "id": "#1"})
        with pytest.raises(RecordError, match="another fact has the same id"):
            session.post({"kind": "bad_joke", "id": "#1"})
