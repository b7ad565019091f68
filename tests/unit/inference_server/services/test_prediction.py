"""The typed API, driven through its method."""

import asyncio
from pathlib import Path

import pytest

from house_prices.registry import Registry
from inference_server.errors import BadHouses
from inference_server.models import loaded_model
from inference_server.models.executor import Executor
from inference_server.models.model_pool import ModelPool
from inference_server.observability import NULL_OBSERVER
from inference_server.rpc.dispatch import CallLog, Dispatcher
from inference_server.rpc.method import Call
from inference_server.services.explanation import Explaining
from inference_server.services.prediction import PredictionServices
from tests import models
from tests.models import HUT

AREA = {"name": "area", "column": "Area", "number": 1, "kind": "number"}
OPEN = models.contract(features=[AREA])
"""Huts of which nothing limits the area."""


def test_a_house_whose_price_overflows_is_refused_with_what_is_odd_about_it(tmp_path: Path) -> None:
    pool = ModelPool()
    model = loaded_model.load(models.publish(Registry(tmp_path), OPEN))
    pool.put(model)
    executor = Executor()
    services = PredictionServices(pool, executor, Explaining(executor, most=1), max_rows=10)
    method = services.find(f"/{model.api.service}/Predict")
    assert method
    houses = [{"area": HUT["area"]}, {"area": 1e38}]
    request = model.api.request(houses=houses).SerializeToString()
    dispatcher = Dispatcher(NULL_OBSERVER, max_message_bytes=10_000)
    with pytest.raises(BadHouses) as refused:
        asyncio.run(dispatcher.dispatch(method, request, Call(deadline=None, metadata={}), CallLog()))
    (fault,) = refused.value.faults
    assert fault.field == "houses[1]"
    assert fault.description.startswith("the model has no finite price, and area 9999")
