"""The log of the service: one JSON object on a line for each event.

Messages of exceptions are left out, because they may contain text from an interview; their type and stack are logged.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType

import orjson

LINES = "lines"  # the attribute of a record that consists of finished lines
LOG = logging.getLogger("misstep.service")


def log_event(event: str, level: int = logging.INFO, **data: object) -> None:
    """Log an event with its data."""
    LOG.log(level, event, extra={"data": data})


def stack_of(trace: TracebackType | None) -> list[str]:
    """The stack of an exception, a line for each frame."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


class JsonFormatter(logging.Formatter):
    """``{"time": ..., "level": ..., "event": ..., "process": ..., and the data of the event}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One log line, or finished ones."""
        if lines := getattr(record, LINES, None):
            return "\n".join(lines)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": record.getMessage().strip(),
            "process": record.process,
            **getattr(record, "data", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": record.exc_info[0].__name__, "where": stack_of(record.exc_info[2])}
        return orjson.dumps(line, str).decode()


_LOGGER = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
LOG_CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {LOG.name: _LOGGER, "uvicorn": _LOGGER},
}
"""For ``logging.config.dictConfig``."""
