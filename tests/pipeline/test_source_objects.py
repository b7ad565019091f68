"""Sales in object storage: a real server that speaks S3."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import s3fs

from house_prices import sources
from house_prices.errors import SourceError, SourceUnavailable
from tests import cottages, object_storage
from tests.sources import cleaned, in_folder, market


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
def put(endpoint: str, tmp_path: Path) -> "Put":
    return Put(endpoint, tmp_path)


class Put:
    """Sales as objects."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self._storage = object_storage.client(endpoint)
        self._file = folder / "object.csv"

    def __call__(self, path: str, sales: list[cottages.Row]) -> None:
        cottages.write_sales(self._file, sales)
        self._storage.pipe(path, self._file.read_bytes())


def test_the_same_sales_as_from_a_folder(put: Put, tmp_path: Path) -> None:
    put("sales/same/sales.csv", cottages.law())
    put("sales/same/.DS_Store", cottages.law())
    for url in ("s3://sales/same/", "s3://sales/same", "s3://sales/same/*.csv", "s3://sales/same/sales.csv"):
        contract, folder = market(tmp_path / "other", url)
        pd.testing.assert_frame_equal(cleaned(contract, folder), in_folder(tmp_path / "same"))


def test_a_pattern_reaches_into_folders_and_tells_the_files_apart(put: Put, tmp_path: Path) -> None:
    for year in (2023, 2024):
        put(f"sales/years/{year}/sales.csv", cottages.law(20, seed=year))
    contract, folder = market(tmp_path, "s3://sales/years/*/sales.csv")
    raw = sources.sales(contract, folder)
    assert [file.name for file in raw.files] == ["2023__sales.csv", "2024__sales.csv"]
    assert len(raw.sales) == 40


def test_the_stamp_changes_with_an_object(put: Put, tmp_path: Path) -> None:
    contract, folder = market(tmp_path, "s3://sales/stamp/")
    put("sales/stamp/sales.csv", cottages.law(20))
    before = sources.stamp(contract, folder)
    assert sources.stamp(contract, folder) == before
    put("sales/stamp/sales.csv", cottages.law(20, worth=2000))
    assert sources.stamp(contract, folder) != before


def test_an_object_replaced_while_it_is_read_is_tried_again(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("sales/replaced/sales.csv", cottages.law(20))
    contract, folder = market(tmp_path, "s3://sales/replaced/")
    get = s3fs.S3FileSystem.get

    def replaced_meanwhile(self: s3fs.S3FileSystem, *args: object) -> None:
        put("sales/replaced/sales.csv", cottages.law(21))
        get(self, *args)

    monkeypatch.setattr(s3fs.S3FileSystem, "get", replaced_meanwhile)
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        sources.sales(contract, folder)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://nowhere/sales/", "there is no such bucket, folder or object"),
        ("s3://sales/nothing-here/", "there is no such bucket, folder or object"),
        ("s3://sales/odd/", "holds no file of sales, but readme.md"),
    ],
)
def test_a_place_without_sales_is_told(put: Put, tmp_path: Path, url: str, told: str) -> None:
    put("sales/odd/readme.md", cottages.law(1))
    contract, folder = market(tmp_path, url)
    with pytest.raises(SourceError, match=told):
        sources.sales(contract, folder)


def test_wrong_credentials_are_told_and_not_shown(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("sales/secret/sales.csv", cottages.law(20))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-this-one")
    contract, folder = market(tmp_path, "s3://sales/secret/")
    with pytest.raises(SourceError, match="AWS_SECRET_ACCESS_KEY") as error:
        sources.sales(contract, folder)
    assert "not-this-one" not in str(error.value)


def test_no_credentials_reach_what_is_public_and_no_more(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bucket in ("public", "sales"):
        put(f"{bucket}/open/sales.csv", cottages.law(20))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    contract, folder = market(tmp_path, "s3://public/open/")
    assert len(sources.sales(contract, folder).sales) == 20
    contract, folder = market(tmp_path, "s3://sales/open/")
    with pytest.raises(SourceError, match="AWS_ACCESS_KEY_ID"):
        sources.sales(contract, folder)


def test_a_storage_that_is_away_may_be_there_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    contract, folder = market(tmp_path, "s3://sales/away/")
    with pytest.raises(SourceUnavailable, match="does not answer as it should"):
        sources.sales(contract, folder)
