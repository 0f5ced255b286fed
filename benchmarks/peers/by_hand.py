"""The limit: the mini rule base as one Python function, written for speed, that gives totals and actions and no reasons."""

from __future__ import annotations

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython


def answer(interview: Interview) -> Answer:
    """Answer one interview: one look for the mistakes that others are charged with, then each mistake by its kind."""
    context = interview["context"]
    mistakes = interview["mistakes"]
    remote, hours = context["remote"], context["hours_since"]
    unprepared = interruptions = unasked = 0
    for mistake in mistakes:
        kind = mistake["kind"]
        if kind == "unprepared":
            if mistake["x"] >= 1:
                unprepared += 1
        elif kind == "interrupting":
            if mistake["x"] >= 2:
                interruptions += 1
        elif kind == "no_questions" and mistake["x"] < 1:
            unasked += 1

    totals: dict[str, tuple[int, int, int]] = {}
    actions: list[tuple[str, str, int]] = []
    seen = False
    for mistake in mistakes:
        kind, x = mistake["kind"], mistake["x"]
        severity = noticed = urgency = 0
        if kind == "lateness":
            if x >= 5:
                severity = 2 + 3 * unprepared
                if x >= 15:
                    severity += 7 if x >= 30 else 3
            if not remote:
                noticed = 3
            if hours < 24:
                urgency = 3
        elif kind == "wrong_name":
            tag = mistake["tag"]
            if tag == "interviewer":
                severity = 4
            elif tag == "company":
                severity = 5
            if x >= 2:
                severity += 2
            if x >= 1:
                severity += 2 * unprepared
            if context["panel_size"] >= 2:
                noticed = 3
            if hours < 48:
                urgency = 2
        elif kind == "bad_joke":
            tag = mistake["tag"]
            if tag == "offensive":
                severity = 7
            elif tag == "mild":
                severity = 2
            if x >= 1:
                severity += 2 * interruptions
            if context["formality"] >= 3:
                noticed = 3
            if hours < 24:
                urgency = 4
        elif kind == "unprepared":
            if x >= 1:
                severity = 7 if x >= 3 else 3
        elif kind == "interrupting":
            if x >= 2:
                severity = 5 if x >= 5 else 2
            if context["patience"] < x:
                noticed = 3
        elif kind == "phone_rang":
            tag = mistake["tag"]
            if tag == "answered":
                severity = 6
            elif tag == "silenced":
                severity = 1
            if not remote:
                noticed = 2
        elif kind == "overtalking":
            if x >= 10:
                severity = 2 + 2 * unasked
        elif kind == "badmouth_employer":
            if mistake["tag"] == "named":
                severity = 5
            if hours < 72:
                urgency = 2
        elif kind == "salary_early":
            if x < 10:
                severity = 3
            urgency = context["next_round"]
        elif kind == "dress_code":
            if x >= 3:
                severity = 2
        elif kind == "no_questions":
            if x < 1:
                severity = 3
        elif kind == "factual_error":
            if mistake["tag"] == "cv":
                severity = 6
            if context["next_round"]:
                urgency = 3
        if mistake["reaction"] == "comment" and context["formality"] >= 1:
            noticed += 3

        name = mistake["id"]
        totals[name] = severity, noticed, urgency
        if noticed >= 2:
            seen = True
            if severity >= 5:
                actions.append(("apologise", name, severity + 2 * urgency))
                if severity >= 8 and urgency >= 3:
                    actions.append(("call_today", name, severity + 2 * urgency))
            elif severity >= 1:
                actions.append(("mention_in_thanks", name, severity + 2 * urgency))
        if kind == "wrong_name":
            if severity >= 4:
                actions.append(("send_correction", name, severity + 2 * urgency))
        elif kind == "factual_error":
            if severity >= 6:
                actions.append(("correct_record", name, severity + 2 * urgency))
        elif kind == "unprepared" and severity >= 7:
            actions.append(("send_material", name, severity + 2 * urgency))
    if not seen:
        actions.append(("say_nothing", "", 0))
    actions.sort()
    return totals, actions


def load() -> InPython:
    """There is nothing to load."""
    return InPython(answer)
