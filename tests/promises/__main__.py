"""Run the commands that prove what misstep promises, keep their figures, and write docs/promises.md.

    python -m tests.promises short
    python -m tests.promises nightly engines-agree laws-of-answers

exits with 1 where a promise fails, with its failure on the page. Without a profile only the page is written anew.
"""

from __future__ import annotations

import argparse
import sys

from tests.laws.table import sentences
from tests.promises.page import (
    FIGURES,
    PAGE,
    PROFILES,
    Figure,
    Figures,
    Profile,
    TestedPromise,
    page_of,
    read_figures,
    read_topics,
    run_command,
    write_figures,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.promises", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("profile", nargs="?", choices=PROFILES, metavar="PROFILE", help=", ".join(PROFILES))
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these promises")
    parser.add_argument("--list", action="store_true", help="show all promises and their commands, and run nothing")
    asked = parser.parse_args()
    topics = read_topics()
    promises = {name: promise for topic in topics for name, promise in topic.promises.items()}
    if unknown := [name for name in asked.ids if name not in promises]:
        parser.error(f"there is no promise {', '.join(unknown)}; --list shows what there is")
    chosen = {name: promises[name] for name in asked.ids or promises}
    if asked.list:
        for name, promise in chosen.items():
            print(f"{name}: {promise.promise}")
            print(*(f"  {profile:8}{command}" for profile, command in promise.commands.items()), sep="\n")
        return 0
    failed = prove(chosen, asked.profile) if asked.profile else []
    PAGE.write_text(page_of(topics, read_figures(), sentences()), encoding="utf-8")
    print(f"{len(failed)} failed{':' if failed else ''} {', '.join(failed)}".strip())
    return 1 if failed else 0


def prove(promises: dict[str, TestedPromise], wanted: Profile) -> list[str]:
    """The ids of those that fail. Each command is run once, and its figure is kept at once: who interrupts loses nothing."""
    found: dict[str, Figure] = {}
    failed = []
    for name, promise in promises.items():
        profile = promise.profile(wanted)
        if profile is None:
            print(f"{name}: has no command in this profile")
            continue
        command = promise.commands[profile]
        if command not in found:
            print(f"{name}: {command}", flush=True)
            found[command] = run_command(command)
        figure = found[command]
        print(f"{name}: {'' if figure.held else 'FAILED: '}{figure.figure} ({figure.seconds} s)", flush=True)
        failed += [] if figure.held else [name]
        kept = read_figures().root
        write_figures(Figures({**kept, name: {**kept.get(name, {}), profile: figure}}), FIGURES)
    return failed


if __name__ == "__main__":
    sys.exit(main())
