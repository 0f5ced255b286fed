"""Check that durable-rules is installed or can be built; otherwise exit with one line that names what is missing."""

from __future__ import annotations

import sys

from misstep.evaluate.durable.missing import missing_library, missing_to_build

if __name__ == "__main__":
    sys.exit((missing_library() and missing_to_build()) or None)
