"""The rules and the dashboard, in a real Prometheus that scrapes real servers."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from house_prices.cli.processes import free_port
from house_prices.registry import Registry
from inference_server.client import Client
from tests import commands, models, servers
from tests.models import HUT

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
DASHBOARD = json.loads((MONITORING / "dashboards" / "house-prices.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

pytestmark = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="Prometheus is missing: apt-get install prometheus",
)


def promtool(*words: str) -> str:
    done = subprocess.run(["promtool", *words], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_accepts_the_configuration_and_the_rules_fire_as_they_should() -> None:
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")
    assert "rules found" in promtool("check", "rules", "alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


@contextmanager
def process(*command: str, home: Path) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, "HOUSE_PRICES_HOME": str(home), "DAGSTER_HOME": str(home)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
    ) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait(20)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, once it has scraped an inference server and `house-prices metrics`."""
    home = tmp_path_factory.mktemp("home")
    commands.furnish(home)
    registry = Registry(home / "storage" / "models")
    models.promote(registry, models.publish(registry))
    log = home / "storage" / "predictions"
    with (
        servers.serving(registry.root, "--prediction-log", str(log)) as server,
        process(sys.executable, "-m", "house_prices", "metrics", "--port", "0", home=home) as exporter,
        Client(server.address, contracts=[models.contract()]) as client,
    ):
        server.says("model serves")
        assert exporter.stdout is not None
        markets = exporter.stdout.readline().strip().removeprefix("http://").removesuffix("/metrics")
        for _ in range(5):
            client.predict("huts", [HUT])
        config = (MONITORING / "prometheus.yml").read_text()
        config = re.sub(
            r"dns_sd_configs: .*",
            f'static_configs: [{{targets: ["127.0.0.1:{server.metrics_port}"]}}]',
            config,
        )
        config = config.replace("metrics:9102", markets)
        config = re.sub(r"(scrape_interval|evaluation_interval): \w+", r"\1: 1s", config)
        config = config.replace("scrape_timeout: 30s", "scrape_timeout: 1s")
        (home / "prometheus.yml").write_text(config)
        shutil.copy(MONITORING / "alerts.yml", home)
        address = f"127.0.0.1:{free_port()}"
        flags = [
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/tsdb",
            f"--web.listen-address={address}",
        ]
        with process("prometheus", *flags, home=home):
            servers.eventually(lambda: is_scraped(address), timeout_s=60)
            yield address


def ask(address: str, path: str) -> Any:
    with urllib.request.urlopen(f"http://{address}/api/v1/{path}", timeout=10) as answer:
        return json.loads(answer.read())["data"]


def query(address: str, expression: str) -> list[Any]:
    found: list[Any] = ask(address, "query?" + urllib.parse.urlencode({"query": expression}))["result"]
    return found


def is_scraped(address: str) -> bool:
    try:
        return all(
            query(address, f'count_over_time(up{{job="{job}"}}[1m]) > 3') for job in ("inference", "markets")
        )
    except OSError:
        return False


def test_it_loads_every_rule_and_none_of_them_errs(prometheus: str) -> None:
    rules = [rule for group in ask(prometheus, "rules")["groups"] for rule in group["rules"]]
    assert len(rules) == (MONITORING / "alerts.yml").read_text().count("- alert:")
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert all(query(prometheus, f'up{{job="{job}"}} == 1') for job in ("inference", "markets"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_understands_every_expression_of_the_dashboard(prometheus: str, expression: str) -> None:
    query(prometheus, expression.replace("$market", ".*"))


def test_what_the_servers_and_the_markets_tell_arrives(prometheus: str) -> None:
    assert query(prometheus, 'inference_requests_total{market="huts", code="OK"} >= 5')
    assert query(prometheus, 'house_prices_promotions_total{market="huts"} == 1')
    assert query(prometheus, 'house_prices_champion_age_seconds{market="huts", version="1"} >= 0')
    assert query(prometheus, 'house_prices_sales_age_seconds{market="huts"} > 0')
    assert query(prometheus, 'house_prices_log_bytes{market="huts"} > 0')
