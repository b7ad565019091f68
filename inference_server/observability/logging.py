"""JSON lines on stderr, from a level that may change while the server runs."""

import contextlib
import logging
import sys
from typing import Any, TextIO, cast

import structlog

from inference_server.settings import LOG_LEVELS

NUMBERS = {level: logging.getLevelNamesMapping()[level.upper()] for level in LOG_LEVELS}


class Lossy:
    """Stderr, where a line that cannot be written is lost: a full disk or a dead reader fails no request."""

    def write(self, text: str) -> None:
        """Write it if that is possible."""
        with contextlib.suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Pass on what was written."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class Threshold:
    """A structlog processor that drops events below a level."""

    def __init__(self, level: str) -> None:
        self.set(level)

    def set(self, level: str) -> None:
        """Write this level and those above it from now on."""
        self._least = NUMBERS[level]

    @property
    def writes_info(self) -> bool:
        """Whether info is written, so that frequent callers can skip preparing lines."""
        return self._least <= logging.INFO

    def __call__(self, _logger: Any, level: str, event: Any) -> Any:
        """The event, unless it is below the level."""
        if NUMBERS.get(level, logging.ERROR) < self._least:
            raise structlog.DropEvent
        return event


def to_stderr(level: str, **always: object) -> Threshold:
    """Configure structlog; every line carries `always`."""
    threshold = Threshold(level)

    def add(_logger: Any, _level: str, event: Any) -> Any:
        event.update(always)
        return event

    structlog.configure(
        processors=[
            threshold,
            add,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, Lossy())),
        cache_logger_on_first_use=True,
    )
    return threshold
