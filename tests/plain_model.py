"""Models of a few bytes, which no one runs: for tests of the registry alone."""

import hashlib
from typing import Any

from house_prices.contract import reader
from house_prices.registry import Champion, Golden, Manifest, ModelVersion, Registry

MARKET = "town"
CONTRACT = reader.from_values(
    {
        "name": MARKET,
        "title": "A town",
        "target": {"column": "Price", "unit": "EUR"},
        "features": [{"name": "area", "column": "Area", "number": 1, "kind": "number"}],
        "training": {"candidates": {"ridge": {}}},
    }
)


def described(model: bytes, **changes: Any) -> Manifest:
    """A manifest that fits the bytes."""
    plain: dict[str, Any] = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "created_at": "2026-01-31T00:00:00+00:00",
        "contract": CONTRACT,
        "ranges": {"area": (20.0, 250.0)},
        "golden": Golden(numbers=((50.0,), (float("nan"),)), categories=((), ()), prices=(500.0, 90.5)),
        "training": {"estimator": "ridge"},
        "data": {"sales": 300},
        "lineage": {"run": "none"},
    }
    return Manifest(**(plain | changes))


def publish(registry: Registry, model: bytes) -> ModelVersion:
    """Publish the bytes as the town's next version."""
    return registry.publish(MARKET, model, described(model))


def promote(registry: Registry, number: int) -> Champion:
    """Make a version the champion."""
    sha256 = registry.version(MARKET, number).manifest.sha256
    return registry.promote(MARKET, number, sha256=sha256, by="a test", reason="a test")
