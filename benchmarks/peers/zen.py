"""The mini rule base on the ZEN engine of GoRules: a graph of decision tables and expressions, which its editor would draw.

Tables hold no facts: each row looks at one mistake, and finds the rest of the interview by the name of a node. So a rule of
two mistakes is a count in an expression, and sums and the negation are expressions too.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython
from zen import ZenEngine

CONTEXT = "$nodes.interview.context"
COUNTS = "$nodes.counts"

COUNTED = {
    "unprepared": "count(mistakes, #.kind == 'unprepared' and #.x >= 1)",
    "interruptions": "count(mistakes, #.kind == 'interrupting' and #.x >= 2)",
    "unasked": "count(mistakes, #.kind == 'no_questions' and #.x < 1)",
    "mistakes": "mistakes",
}
CONTRIBUTIONS = [  # kind, condition; severity, noticed, urgency
    ("", "true", "0", "0", "0"),
    ("lateness", "x >= 5", "2", "", ""),
    ("lateness", "x >= 15", "3", "", ""),
    ("lateness", "x >= 30", "4", "", ""),
    ("wrong_name", "tag == 'interviewer'", "4", "", ""),
    ("wrong_name", "tag == 'company'", "5", "", ""),
    ("wrong_name", "x >= 2", "2", "", ""),
    ("bad_joke", "tag == 'offensive'", "7", "", ""),
    ("bad_joke", "tag == 'mild'", "2", "", ""),
    ("unprepared", "x >= 1", "3", "", ""),
    ("unprepared", "x >= 3", "4", "", ""),
    ("interrupting", "x >= 2", "2", "", ""),
    ("interrupting", "x >= 5", "3", "", ""),
    ("phone_rang", "tag == 'answered'", "6", "", ""),
    ("phone_rang", "tag == 'silenced'", "1", "", ""),
    ("overtalking", "x >= 10", "2", "", ""),
    ("badmouth_employer", "tag == 'named'", "5", "", ""),
    ("salary_early", "x < 10", "3", "", ""),
    ("dress_code", "x >= 3", "2", "", ""),
    ("no_questions", "x < 1", "3", "", ""),
    ("factual_error", "tag == 'cv'", "6", "", ""),
    ("lateness", f"{CONTEXT}.remote == 0", "", "3", ""),
    ("wrong_name", f"{CONTEXT}.panel_size >= 2", "", "3", ""),
    ("bad_joke", f"{CONTEXT}.formality >= 3", "", "3", ""),
    ("interrupting", f"{CONTEXT}.patience < x", "", "3", ""),
    ("phone_rang", f"{CONTEXT}.remote == 0", "", "2", ""),
    ("", f"reaction == 'comment' and {CONTEXT}.formality >= 1", "", "3", ""),
    ("lateness", f"{CONTEXT}.hours_since < 24", "", "", "3"),
    ("wrong_name", f"{CONTEXT}.hours_since < 48", "", "", "2"),
    ("bad_joke", f"{CONTEXT}.hours_since < 24", "", "", "4"),
    ("factual_error", f"{CONTEXT}.next_round == 1", "", "", "3"),
    ("badmouth_employer", f"{CONTEXT}.hours_since < 72", "", "", "2"),
    ("salary_early", f"{CONTEXT}.next_round == 1", "", "", "1"),
    ("lateness", "x >= 5", f"3 * {COUNTS}.unprepared", "", ""),
    ("bad_joke", "x >= 1", f"2 * {COUNTS}.interruptions", "", ""),
    ("wrong_name", "x >= 1", f"2 * {COUNTS}.unprepared", "", ""),
    ("overtalking", "x >= 10", f"2 * {COUNTS}.unasked", "", ""),
]
SUMS = {
    "findings": """map(contributions, {
        id: #[0].id,
        kind: #[0].kind,
        severity: sum(map(#, #.severity ?? 0)),
        noticed: sum(map(#, #.noticed ?? 0)),
        urgency: sum(map(#, #.urgency ?? 0))
    })"""
}
ACTIONS = [  # kind, condition; action
    ("", "severity >= 5 and noticed >= 2", "apologise"),
    ("", "severity >= 8 and noticed >= 2 and urgency >= 3", "call_today"),
    ("wrong_name", "severity >= 4", "send_correction"),
    ("factual_error", "severity >= 6", "correct_record"),
    ("unprepared", "severity >= 7", "send_material"),
    ("", "severity >= 1 and severity < 5 and noticed >= 2", "mention_in_thanks"),
]
RESULT = {
    "findings": "$nodes.sums.findings",
    "actions": "flatten(actions)",
    "say_nothing": "none($nodes.sums.findings, #.noticed >= 2)",
}
GRAPH = ("interview", "counts", "contributions", "sums", "actions", "result", "answer")


def load() -> InPython:
    """Load the graph."""
    nodes = [
        _node("interview", "inputNode", {}),
        _expressions("counts", COUNTED),
        _table(
            "contributions",
            over="mistakes",
            outputs=("severity", "noticed", "urgency", "id", "kind"),
            rows=[(*row, "id", "kind") if row[1] == "true" else row for row in CONTRIBUTIONS],
        ),
        _expressions("sums", SUMS),
        _table(
            "actions",
            over="findings",
            outputs=("action", "for", "priority"),
            rows=[(kind, test, f"'{action}'", "id", "severity + 2 * urgency") for kind, test, action in ACTIONS],
        ),
        _expressions("result", RESULT),
        _node("answer", "outputNode", {}),
    ]
    edges = [{"id": f"{one}-{other}", "type": "edge", "sourceId": one, "targetId": other} for one, other in pairwise(GRAPH)]
    decision = ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def answer(interview: Interview) -> Answer:
        result: dict[str, Any] = decision.evaluate(interview)["result"]
        totals = {found["id"]: (found["severity"], found["noticed"], found["urgency"]) for found in result["findings"]}
        actions = [(found["action"], found["for"], found["priority"]) for found in result["actions"]]
        if result["say_nothing"]:
            actions.append(("say_nothing", "", 0))
        actions.sort()
        return totals, actions

    return InPython(answer)


def _node(name: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "name": name, "type": kind, "content": content, "position": {"x": 0, "y": 0}}


def _expressions(name: str, expressions: dict[str, str]) -> dict[str, Any]:
    listed = [{"id": key, "key": key, "value": value} for key, value in expressions.items()]
    return _node(name, "expressionNode", {"expressions": listed})


def _table(name: str, over: str, outputs: tuple[str, ...], rows: list[tuple[str, ...]]) -> dict[str, Any]:
    """A table whose rows are tried on each of a list; every row that fits gives its outputs."""
    inputs = [_column("if kind", "kind"), _column("condition", "")]
    columns = [_column(output, output) for output in outputs]
    content = {
        "hitPolicy": "collect",
        "executionMode": "loop",
        "inputField": over,
        "outputPath": name,
        "inputs": inputs,
        "outputs": columns,
        "rules": [
            {
                "_id": str(number),
                inputs[0]["id"]: f"'{kind}'" if kind else "",
                inputs[1]["id"]: condition,
                **{column["id"]: cell for column, cell in zip(columns, cells, strict=False)},
            }
            for number, (kind, condition, *cells) in enumerate(rows)
        ],
    }
    return _node(name, "decisionTableNode", content)


def _column(name: str, field: str) -> dict[str, str]:
    return {"id": f"column {name}" if field else "condition", "name": name, "field": field, "type": "expression"}
