"""Records of logging in; a line of JSON each out. What exceptions say is left out: it may hold what somebody wrote."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from misstep.service.front import where


class JsonFormatter(logging.Formatter):
    """``{"time": ..., "level": ..., "event": ..., and what belongs to it}``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC), "level": record.levelname.lower(),
            "event": record.getMessage().strip(), "process": record.process, **getattr(record, "data", {}),
        }  # fmt: skip
        if record.exc_info and record.exc_info[0] is not None:
            line |= {"error": record.exc_info[0].__name__, "where": where(record.exc_info[2])}
        return orjson.dumps(line, str).decode()


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        "misstep.service": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""For ``logging.config``."""
