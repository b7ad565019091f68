"""The log goes to stderr, and never stands in a request's way."""

import sys

import pytest
import structlog

from inference_server.observability import logging


class Broken:
    def write(self, _text: str) -> None:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_line_that_cannot_be_written_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Broken())
    logging.to_stderr("info")
    structlog.get_logger().info("nobody reads this")
