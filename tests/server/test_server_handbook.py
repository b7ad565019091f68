"""The handbook says what the server does."""

import re
from pathlib import Path

import structlog

from house_prices.registry import Registry
from inference_server import errors
from inference_server.__main__ import main
from inference_server.models.loader import Loader
from inference_server.models.model_pool import ModelPool
from inference_server.models.statistics import ModelStatistics
from inference_server.observability import metric_names
from inference_server.rpc.role import Role
from inference_server.services.health import Health
from inference_server.services.oip.metadata import Metadata
from inference_server.services.oip.repository import Repository

DOCS = Path(__file__).parents[2] / "docs"
OPTIONS = {option.opts[0]: option for option in main.params if not getattr(option, "hidden", False)}


def test_every_metric_is_in_the_table_with_its_labels() -> None:
    page = (DOCS / "metrics.md").read_text()
    rows = dict(re.findall(r"^\| `(inference_\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows.keys() == {metric.name for metric in metric_names.ALL}
    assert all(label in rows[metric.name] for metric in metric_names.ALL for label in metric.labels)


def test_the_methods_of_a_role_are_named(tmp_path: Path) -> None:
    pool, log = ModelPool(), structlog.get_logger()
    described = Metadata(pool, Health(pool), ModelStatistics(), max_rows=1).routes()
    changing = Repository(pool, Loader(Registry(tmp_path), pool, log)).routes()
    special = [route for route in (*described, *changing) if route.role is not Role.INFERENCE]
    methods = {route.path.rpartition("/")[2] for route in special}
    assert methods == {"ServerLive", "ServerReady", "RepositoryModelLoad", "RepositoryModelUnload"}
    assert all(f"`{method}`" in (DOCS / "access.md").read_text() for method in methods)


def test_a_sentence_of_a_limit_names_its_setting_as_a_flag_and_as_a_variable() -> None:
    limits = [
        errors.TooManyRows(2, 1),
        errors.MessageTooLarge(2, 1),
        errors.Overloaded(1),
        errors.StreamIdle(1),
    ]
    for limit in limits:
        flag, variable = re.findall(r"(--[a-z-]+)\s+\((INFERENCE_SERVER_[A-Z_]+)\)", str(limit))[0]
        assert flag in OPTIONS
        assert variable == f"INFERENCE_SERVER_{flag[2:].replace('-', '_').upper()}"
