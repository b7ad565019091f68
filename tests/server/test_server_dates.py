"""A price as of a date, from the real server: typed, over the Open Inference Protocol, by the command."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import grpc
import numpy as np
import pytest
import tomlkit

from house_prices.registry import Registry
from house_prices.training import onnx_export, train
from house_prices.training.features import inputs
from inference_server.client import Client, ClientError
from inference_server.client.oip import OipClient
from tests import dated_huts, models, servers
from tests.commands import house_prices
from tests.models import HUT

OF = dated_huts.contract("index")
REFERENCE, LATER = "2020-12-25", "2021-03-25"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Huts whose prices rise, trained and calibrated, as the champion."""
    sales = dated_huts.sales()
    fitted = train.train_and_calibrate(sales[:800], sales[800:], OF)
    model = onnx_export.export(fitted, OF)
    golden = onnx_export.golden(onnx_export.session(model), inputs(sales, OF))
    registry = Registry(tmp_path_factory.mktemp("dates") / "models")
    assert fitted.time is not None
    models.promote(
        registry, models.publish(registry, OF, model=model, golden=golden, dates=fitted.time.dates)
    )
    return registry


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[servers.Running]:
    with servers.serving(registry.root) as running:
        running.says("model serves")
        yield running


@pytest.fixture(scope="module")
def client(server: servers.Running) -> Iterator[Client]:
    with Client(server.address) as client:
        yield client


def test_golden_rows_are_priced_as_of_several_dates(registry: Registry) -> None:
    days = registry.version("huts", 1).manifest.golden.days
    assert days is not None
    assert len({day for day in days if day == day}) > 5
    assert any(day != day for day in days)


def test_a_client_that_knows_no_dates_gets_the_reference_date(client: Client, registry: Registry) -> None:
    dates = registry.version("huts", 1).manifest.dates
    assert dates is not None
    as_before = client.predict("huts", [HUT]).prices[0]
    assert as_before.warnings == ()
    assert as_before == client.predict("huts", [HUT], valuation_date=dates.reference).prices[0]


def test_an_earlier_price_follows_the_index_without_a_warning(client: Client) -> None:
    early, late = (
        client.predict("huts", [HUT], valuation_date=day).prices[0] for day in ("2020-02-01", REFERENCE)
    )
    assert late.value / early.value == pytest.approx(np.exp(dated_huts.RISE * 328 / 365.25), rel=0.03)
    assert late.warnings == early.warnings == ()


def test_a_later_price_follows_the_trend_with_a_warning_and_a_wider_interval(client: Client) -> None:
    now, later = (
        client.predict("huts", [HUT], valuation_date=day).prices[0] for day in (date(2020, 12, 20), LATER)
    )
    assert later.value > 1.02 * now.value
    assert later.upper / later.lower > 1.01 * now.upper / now.lower  # type: ignore[operator]
    (warning,) = later.warnings
    assert warning.startswith("valuation_date 2021-03-25 is ")
    assert "the price follows the market's trend" in warning


def test_many_houses_have_the_date_of_their_request(client: Client) -> None:
    one = client.predict("huts", [HUT], valuation_date=LATER).prices[0]
    assert set(client.predict("huts", [HUT] * 200, valuation_date=LATER).prices) == {one}


@pytest.mark.parametrize("day", ["2019-12-31", "2099-01-01", "25.12.2020", "2020-13-01", "20201225"])
def test_a_date_that_the_model_does_not_know_is_refused(client: Client, day: str) -> None:
    with pytest.raises(ClientError, match=rf"valuation_date: came '{day}', allowed: a date from 2020-01-0"):
        client.predict("huts", [HUT], valuation_date=day)


def test_the_open_protocol_takes_a_date_for_each_house(server: servers.Running, client: Client) -> None:
    days = np.array([np.nan, *(np.datetime64(day).astype(int) for day in ("2020-02-01", LATER))], np.float32)
    numbers = np.array([[100, 3, 0, np.nan]] * 3, np.float32)
    texts = np.array([["flat", "none", ""]] * 3, dtype=object)
    with grpc.insecure_channel(server.address) as channel:
        oip = OipClient(channel)
        found = oip.infer("huts", numbers, texts, days=days)["price"]
        properties = oip.model_metadata("huts").properties
    typed = [client.predict("huts", [HUT])] + [
        client.predict("huts", [HUT], valuation_date=day) for day in ("2020-02-01", LATER)
    ]
    assert found.tolist() == pytest.approx([each.prices[0].value for each in typed])
    assert properties["valuation_date"].startswith("2020-01-0")


def test_a_date_of_another_shape_is_refused(server: servers.Running) -> None:
    numbers = np.array([[100, 3, 0, np.nan]] * 3, np.float32)
    texts = np.array([["flat", "none", ""]] * 3, dtype=object)
    with (
        grpc.insecure_channel(server.address) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        OipClient(channel).infer("huts", numbers, texts, days=np.zeros(2, np.float32))
    assert "shape of valuation_date: came [2, 1], allowed: [3, 1]." in caught.value.details()


def test_the_command_takes_a_date(server: servers.Running, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "huts"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_text(tomlkit.dumps(dict(OF.values)), encoding="utf-8")
    words = ("predict", "--address", server.address, "area=100", "rooms=3", "roof=flat")
    told = [house_prices(tmp_path, *words, *more).stdout for more in ((), ("--date", LATER))]
    assert "warning" not in told[0]
    assert "warning: valuation_date 2021-03-25 is " in told[1]
