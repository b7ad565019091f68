"""Connections to Postgres that outlast its restart: a plugin of SQLAlchemy, used in `deploy/dagster.yaml`."""

import logging
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, CreateEnginePlugin, Dialect, Engine

PATIENCE_S = 120.0
"""How long a connection is tried for. Dagster itself gives up after six seconds: a restart takes longer."""
PAUSE_S = 0.5
HOPELESS = ("authentication failed", "does not exist")
"""What Postgres says if it is there and will never let this client in."""


class Patient(CreateEnginePlugin):
    """Tests each pooled connection before it is used, and tries a new one for PATIENCE_S."""

    def update_url(self, url: URL) -> URL:
        """The URL without this plugin's name, which the driver does not know."""
        return url.difference_update_query(["plugin"])

    def handle_pool_kwargs(self, pool_cls: type[Any], pool_args: dict[str, Any]) -> None:  # noqa: ARG002
        """A connection from before the restart is found dead and replaced."""
        pool_args["pre_ping"] = True

    def engine_created(self, engine: Engine) -> None:
        """Connect by `connect`, below."""
        event.listen(engine, "do_connect", connect)


def connect(dialect: Dialect, _: object, words: Any, named: Any) -> Any:
    """A connection to the database. Raises the driver's error after PATIENCE_S, or if it is hopeless."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return dialect.connect(*words, **named)
        except dialect.loaded_dbapi.OperationalError as error:
            if time.monotonic() >= end or any(words in str(error) for words in HOPELESS):
                raise
            logging.getLogger(__name__).warning("Waiting for Postgres: %s", error)
        time.sleep(PAUSE_S)


def is_away(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, is that of a database which could not be reached."""
    while error is not None:
        if type(error).__name__ in ("OperationalError", "InterfaceError", "DagsterPostgresException"):
            return True
        error = error.__cause__ or error.__context__
    return False
