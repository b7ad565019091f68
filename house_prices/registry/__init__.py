"""Published models and the champion, on plain files. See `store` for the layout and its promises."""

from house_prices.registry.manifest import Golden, Manifest
from house_prices.registry.records import REPORT, Champion, ModelVersion, Rejection
from house_prices.registry.store import Registry

__all__ = ["REPORT", "Champion", "Golden", "Manifest", "ModelVersion", "Registry", "Rejection"]
