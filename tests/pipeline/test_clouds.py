"""Sales, prices and models in Azure's and Google's object storage."""

from collections.abc import Iterator
from pathlib import Path

import adlfs
import fsspec
import pytest

from house_prices import sources, stores
from house_prices.errors import SourceError, StoreError
from house_prices.registry import Registry
from house_prices.stores.following import Follower
from house_prices.stores.objects import Objects
from house_prices.stores.pushing import push, require_conditional_writes
from inference_server.models import loaded_model
from tests import clouds, cottages, models
from tests.clouds import Cloud
from tests.sources import market


@pytest.fixture(scope="module", params=[clouds.azure, clouds.google], ids=["az", "gs"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with request.param(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    fsspec.filesystem(cloud.scheme).clear_instance_cache()


def put(cloud: Cloud, path: str, sales: list[cottages.Row], folder: Path) -> None:
    cottages.write_sales(folder / "made.csv", sales)
    cloud.files.pipe_file(path, (folder / "made.csv").read_bytes())


def test_a_market_is_read_and_its_stamp_changes_with_an_object(cloud: Cloud, tmp_path: Path) -> None:
    put(cloud, "sales/cottages/2023/sales.csv", cottages.law(20), tmp_path)
    put(cloud, "sales/cottages/2024/sales.csv", cottages.law(20, seed=9), tmp_path)
    contract, folder = market(tmp_path, f"{cloud.scheme}://sales/cottages/*/sales.csv")
    assert len(sources.sales(contract, folder).sales) == 40
    before = sources.stamp(contract, folder)
    assert sources.stamp(contract, folder) == before
    put(cloud, "sales/cottages/2024/sales.csv", cottages.law(20, worth=2000), tmp_path)
    assert sources.stamp(contract, folder) != before


def test_a_place_without_sales_is_told(cloud: Cloud, tmp_path: Path) -> None:
    for place in ("sales/nothing-here/", "nowhere/sales/"):
        contract, folder = market(tmp_path, f"{cloud.scheme}://{place}")
        with pytest.raises(SourceError, match="there is no such bucket, folder or object"):
            sources.sales(contract, folder)


def test_what_is_written_is_there(cloud: Cloud) -> None:
    store = stores.at(f"{cloud.scheme}://sales/out")
    store.write("a/b.csv", b"1")
    store.write("a/b.csv", b"2")
    assert store.names() == ["a/b.csv"]
    assert store.read("a/b.csv") == b"2"
    with pytest.raises(FileNotFoundError):
        store.read("a/c.csv")


def test_models_are_pushed_and_followed_if_writes_can_be_conditional(cloud: Cloud, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    models.promote(registry, models.publish(registry))
    bucket = Objects(f"{cloud.scheme}://sales/models")
    if cloud.scheme == "gs":  # this server has none: a registry there could lose a champion
        with pytest.raises(StoreError, match="does not keep to If-None-Match"):
            require_conditional_writes(bucket)
        return
    require_conditional_writes(bucket)
    push(registry, "huts", bucket)
    there = Registry(tmp_path / "servers")
    Follower(bucket, there.root).follow("huts")
    assert loaded_model.load(there.resolve("huts")).sha256 == registry.resolve("huts").manifest.sha256


def test_no_account_and_a_wrong_key_are_told_and_not_shown(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cloud.scheme == "gs":
        pytest.skip("this server asks for no credentials")
    contract, folder = market(tmp_path, "az://sales/cottages/")
    told = cloud.environment["AZURE_STORAGE_CONNECTION_STRING"]
    wrong = "bm90IHRoaXMgb25l"
    for setting in (told.replace(clouds.KEY, wrong), None):
        if setting:
            monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", setting)
        else:
            monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
        adlfs.AzureBlobFileSystem.clear_instance_cache()
        with pytest.raises(SourceError, match=r"access is denied\. Set AZURE_STORAGE_ACCOUNT_NAME") as error:
            sources.sales(contract, folder)
        assert wrong not in str(error.value)
