"""Words of the rule language that stand in answers too. They are apart: an answer of the core is read without the language."""

from __future__ import annotations

from typing import Literal

Dimension = Literal["severity", "relief", "noticed", "urgency", "verdict", "overall"]
Reach = Literal["repairs", "plain", "private"]
SourceKind = Literal["survey", "study", "expert", "practice"]
