"""Connections outlast a restart of Postgres; a client that will never be let in is told at once."""

import importlib.metadata
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as db
from sqlalchemy.exc import OperationalError

from house_prices.orchestration import database
from house_prices.orchestration.automation.training import RETRY, retry_after_outage

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
ENTRY = [
    importlib.metadata.EntryPoint(name, value, "sqlalchemy.plugins")
    for name, value in PROJECT["entry-points"]["sqlalchemy.plugins"].items()
]


class Refused(Exception):
    """The driver's OperationalError."""


class Dialect:
    """A database that refuses its first connections."""

    loaded_dbapi = SimpleNamespace(OperationalError=Refused)

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def connect(self) -> str:
        if self.answers:
            raise Refused(self.answers.pop(0))
        return "connection"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PAUSE_S", 0)


def connect(dialect: Any) -> Any:
    return database.connect(dialect, None, (), {})


def test_a_connection_is_tried_until_postgres_is_back() -> None:
    away = Dialect(
        "connection refused", "the database system is starting up", "could not translate host name"
    )
    assert connect(away) == "connection"


def test_it_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE_S", 0)
    with pytest.raises(Refused, match="connection refused"):
        connect(Dialect("connection refused"))


def test_a_wrong_password_is_told_at_once() -> None:
    wrong = Dialect("password authentication failed", "never asked again")
    with pytest.raises(Refused, match="password"):
        connect(wrong)
    assert len(wrong.answers) == 1


def test_the_plugin_tests_pooled_connections_and_leaves_the_url_to_the_driver() -> None:
    plugin, pool = database.Patient(db.make_url("postgresql://h/d?plugin=patient&x=1"), {}), {}  # type: ignore[var-annotated]
    plugin.handle_pool_kwargs(db.pool.QueuePool, pool)
    assert pool == {"pre_ping": True}
    assert str(plugin.update_url(plugin.url)) == "postgresql://h/d?x=1"


def test_a_pooled_connection_from_before_a_restart_is_replaced(tmp_path: Path) -> None:
    (plugin,) = importlib.metadata.EntryPoints(ENTRY)
    db.dialects.plugins.register(plugin.name, plugin.module, plugin.attr)
    engine = db.create_engine(f"sqlite:///{tmp_path}/a", plugins=["patient"], poolclass=db.pool.QueuePool)
    with engine.connect() as first:
        raw = first.connection.dbapi_connection
    assert raw is not None
    raw.close()
    with engine.connect() as second:
        assert second.execute(db.text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (OperationalError("SELECT 1", None, Exception("server closed the connection unexpectedly")), True),
        (ValueError("bad sales"), False),
        (None, False),
    ],
)
def test_only_a_step_that_lost_its_records_is_retried(error: Exception | None, retried: bool) -> None:
    tags: dict[str, str] = {}
    instance = SimpleNamespace(add_run_tags=lambda run_id, added: tags.update(added))
    retry_after_outage.decorated_fn(SimpleNamespace(op_exception=error, instance=instance, run_id="1"))
    assert tags == ({RETRY: "true"} if retried else {})
