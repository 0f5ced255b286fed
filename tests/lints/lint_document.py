"""Write docs/lints.md from the table of lints and their examples."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from misstep.tools.lints.lint_table import LINTS

HERE = Path(__file__).parent
HEAD = """\
# What `misstep check` looks for

<!-- Written by tests/lints/test_lint_document.py from the table of lints and the examples of tests/lints/. -->

`misstep check` tells what is valid in a rule base and probably not meant. Each line ends with the code of its lint:

```text
remark: mine.yaml:2:37: deep: `dent.depth_mm >= 500` never holds: dent.depth_mm is from 1 to 50 [threshold]
```

* `--select CODES` runs some lints, `--ignore CODES` all but some; codes stay as they are.
* A remark that is meant is waived where it is told, with the reason: `waive: {CODE: REASON}` in the rule, kind, action, constant,
  source, table or case.
* The exit code is 0 with remarks, 1 with `--strict`, and 2 with errors. Those of lints are marked below.
* `-o json` has the code of each; `-o github` annotates the lines of a pull request.
* Of shipped packs that a pack extends nothing is told. Several paths are checked one by one, each as a rule base of its own;
  with `--together` they are one.

Nothing is executed that a pack says, and nothing is guessed: a condition is told as dead only if no record can meet it.

"""
SECTION = """\
## {code}

{about}

```yaml
{pack}
```

```text
{told}
```
"""


def examples_of(code: str) -> Any:
    """What a lint tells, and what it leaves alone."""
    return yaml.safe_load((HERE / f"{code}.yaml").read_text("utf-8"))


def lint_document() -> str:
    """The document."""
    contents = "| code | told where |\n| --- | --- |\n"
    contents += "".join(f"| [`{lint.code}`](#{lint.code}) | {lint.title} |\n" for lint in LINTS)
    sections = []
    for lint in LINTS:
        examples = examples_of(lint.code)
        first = next(iter(examples["broken"].values()))
        told = "\n".join(f"{lint.level}: mine.yaml:{line}" for line in first["told"])
        error = " This is an error." if lint.level == "error" else ""
        about = textwrap.fill(examples["about"] + error, 130, break_on_hyphens=False)
        sections.append(SECTION.format(code=lint.code, about=about, pack=first["pack"].rstrip(), told=told))
    return HEAD + contents + "\n" + "\n".join(sections)
