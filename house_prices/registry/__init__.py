"""Published models and the champion, on plain files. See `store` for the layout and its promises."""

from house_prices.registry.manifest import Background, Dates, Golden, Manifest
from house_prices.registry.records import (
    IN_LIFE,
    PROFILE,
    REPORT,
    Champion,
    DecisionRecord,
    Head,
    ModelVersion,
    Outcome,
    Rejection,
)
from house_prices.registry.store import Registry

__all__ = [
    "IN_LIFE",
    "PROFILE",
    "REPORT",
    "Background",
    "Champion",
    "Dates",
    "DecisionRecord",
    "Golden",
    "Head",
    "Manifest",
    "ModelVersion",
    "Outcome",
    "Registry",
    "Rejection",
]
