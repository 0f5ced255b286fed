"""Run a command of misstep, and give a line that it prints as its figure.

    python -m tests.promises.figure proved, prove

runs ``misstep prove``, prints what it prints and then the first line with this text, and exits with its code.
"""

from __future__ import annotations

import subprocess
import sys


def main(text: str, *command: str) -> int:
    done = subprocess.run([sys.executable, "-m", "misstep", *command], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    found = [line for line in done.stdout.splitlines() if text in line]
    if found:
        print(f"figure: {' '.join(found[0].split())}")
    return done.returncode if found else done.returncode or 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
