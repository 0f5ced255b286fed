"""The path of a Parquet file in, wherever it lies; pyarrow's view of it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from misstep.files import is_remote, opened


@contextmanager
def parquet_file(path: Path, **options: Any) -> Iterator[pq.ParquetFile]:
    """A Parquet file, to be read; of this machine by pyarrow itself."""
    if not is_remote(path):
        with pq.ParquetFile(path, **options) as file:
            yield file
        return
    with opened(path) as stream, pq.ParquetFile(stream, **options) as file:
        yield file
