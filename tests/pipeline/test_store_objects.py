"""Prices and models in object storage: a real server that speaks S3, and processes that are killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import s3fs

from house_prices import stores
from house_prices.registry import Registry
from house_prices.stores.following import Follower
from house_prices.stores.objects import Objects
from house_prices.stores.pushing import push
from inference_server.models import loaded_model
from tests import commands, cottages, models, object_storage
from tests.workshop import Workshop

KILLS = 3


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with object_storage.running(tmp_path_factory.mktemp("s3") / "server") as url:
        yield url


@pytest.fixture(autouse=True)
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", object_storage.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", object_storage.SECRET)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    commands.furnish(tmp_path)
    registry = Registry(tmp_path / "storage" / "models")
    models.promote(registry, models.publish(registry, model=models.interval_model(models.contract(), base=0)))
    return tmp_path


def test_prices_are_written_to_a_bucket_and_a_repeated_command_goes_on(home: Path) -> None:
    (home / "in.csv").write_text("area,rooms,garden,roof\n" + "100,3,yes,flat\n" * 10)
    words = ("score", str(home / "in.csv"), "--out", "s3://sales/today")
    first = commands.house_prices(home, *words)
    assert first.stdout == "s3://sales/today: 10 rows by version 1 of huts, 0 refused, 0 with warnings\n"
    assert commands.house_prices(home, *words).stdout == first.stdout
    there = stores.at("s3://sales/today")
    assert there.names() == [".scoring.json", "part-00000.parquet", "scored.json"]
    (home / "part").write_bytes(there.read("part-00000.parquet"))
    assert pq.read_table(home / "part")["predicted_price"].to_pylist() == [1204.0] * 10


def test_houses_come_from_a_bucket_or_a_database(home: Path) -> None:
    houses = b"area,rooms,garden,roof\n" + b"100,3,yes,flat\n" * 10
    stores.at("s3://sales/houses").write("in.csv", houses)
    with closing(sqlite3.connect(home / "in.db")) as database, database:
        database.execute("create table houses as select 100 area, 3 rooms, 'yes' garden, 'flat' roof")
    database_url = (f"sqlite:///{home / 'in.db'}", "--query", "select * from houses")
    for out, rows, words in (("a", 10, ("s3://sales/houses/",)), ("b", 1, database_url)):
        told = commands.house_prices(home, "score", *words, "--out", str(home / out))
        assert f" {rows} rows by version 1" in told.stdout, told.stderr
        assert commands.house_prices(home, "score", *words, "--out", str(home / out)).stdout == told.stdout
        prices = pq.read_table(home / out / "part-00000.parquet")["predicted_price"]
        assert prices.to_pylist() == [1204.0] * rows


def test_rejects_are_written_where_the_contract_says_too(shop: Workshop) -> None:
    given = '\n[source]\nrejects = "s3://sales/rejects"\n'
    cottages.write(shop.home, contract=cottages.CONTRACT + given, sales=[*cottages.law(), (9999, 3, "", 1)])
    assert shop.materialize(["raw_sales", "clean_sales"]).success
    written = shop.home / "storage" / "rejects" / "cottages.csv"
    assert b"area: above 1000" in written.read_bytes() == stores.at("s3://sales/rejects").read(written.name)


def test_a_wrong_secret_is_told_and_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-this-one")
    s3fs.S3FileSystem.clear_instance_cache()
    told = commands.house_prices(home, "models", "push", "s3://sales/models")
    assert told.returncode == 1
    assert "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in told.stderr
    assert "not-this-one" not in told.stderr


def test_commands_push_and_follow_whatever_is_killed_meanwhile(home: Path, endpoint: str) -> None:
    registry, there = Registry(home / "storage" / "models"), Registry(home / "there")
    bucket = Objects("s3://sales/killed/models")
    commands_of = {
        "push": ["push", "s3://sales/killed/models", "--every", "0.1"],
        "follow": ["follow", "s3://sales/killed/models", "--into", str(there.root), "--every", "0.1"],
    }
    for turn in range(KILLS):
        for name in commands_of:
            running = start(home, commands_of[name])
            if turn:
                models.promote(registry, models.publish(registry, base=10 * turn + len(name)))
            time.sleep(2 + turn / 3)  # until it has begun, and somewhere within
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
        if there.champion("huts"):
            loaded_model.load(there.resolve("huts"))
    push(registry, "huts", bucket)
    Follower(bucket, there.root).follow("huts")
    assert there.champion("huts") == registry.champion("huts")
    assert loaded_model.load(there.resolve("huts")).sha256 == registry.resolve("huts").manifest.sha256


def start(home: Path, words: list[str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "house_prices", "models", *words]
    return subprocess.Popen(command, env={**os.environ, "HOUSE_PRICES_HOME": str(home)})
