"""Keeps SQLite's files open during a run.

Dagster opens and closes one for each event. Closing the last connection to a file writes its log back and
removes it, which waits for the disk three times: half of what an event costs.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

INDEX = "index"
"""The file of all runs' assets and checks."""


@contextmanager
def kept(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Those of the run's events, if they are in SQLite."""
    storage = instance.event_log_storage
    with ExitStack() as opened:
        if isinstance(storage, SqliteEventLogStorage):
            instance.get_records_for_run(run_id)  # makes the run's file
            for name in (run_id, INDEX):
                connection = sqlite3.connect(storage.path_for_shard(name))
                opened.enter_context(closing(connection)).execute("SELECT 1 FROM sqlite_master").fetchone()
        yield
