"""The command `inference-server`."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

import click
import structlog

from inference_server import bootstrap
from inference_server.server import CannotListen
from inference_server.settings import Settings

LEVELS = ("debug", "info", "warning", "error")


@click.command(context_settings={"auto_envvar_prefix": "INFERENCE_SERVER", "show_default": True})
@click.option(
    "--models", type=click.Path(path_type=Path), required=True, help="Folder of the model registry."
)
@click.option("--host", default=Settings.host, help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=Settings.port, type=click.IntRange(0, 65535), help="0 picks a free one.")
@click.option(
    "--poll-seconds",
    default=Settings.poll_seconds,
    type=click.FloatRange(0.01),
    help="Time between two looks for a new champion.",
)
@click.option(
    "--max-rows", default=Settings.max_rows, type=click.IntRange(1), help="Most houses in one request."
)
@click.option(
    "--max-message-bytes",
    default=Settings.max_message_bytes,
    type=click.IntRange(1),
    help="Largest message that is read.",
)
@click.option(
    "--grace-seconds",
    default=Settings.grace_seconds,
    type=click.FloatRange(0),
    help="Time for accepted requests to end after SIGTERM.",
)
@click.option(
    "--log-level", default=Settings.log_level, type=click.Choice(LEVELS), help="Least that is logged."
)
def main(**options: Any) -> None:
    """Serve the champion of every market in the registry over gRPC.

    Every flag may also stand in a variable: --max-rows in INFERENCE_SERVER_MAX_ROWS. Logs are JSON
    lines on stderr.
    """
    settings = Settings(**options)
    _log_to_stderr(settings.log_level)
    try:
        asyncio.run(bootstrap.serve(settings))
    except CannotListen as error:
        raise click.ClickException(str(error)) from error


def _log_to_stderr(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    main()
