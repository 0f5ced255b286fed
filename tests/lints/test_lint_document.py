"""docs/lints.md has every lint of the table, with an example."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Golden
from tests.lints.lint_document import lint_document

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "lints.md"


def test_the_document_of_lints_is_that_of_the_table(golden: Golden) -> None:
    golden(DOCUMENT, lint_document())
