"""The served_drift asset."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from house_prices.contract.schema import Contract
from house_prices.monitoring import drift
from house_prices.monitoring.drift import Drift, FeatureDrift
from house_prices.monitoring.profile import from_json
from house_prices.orchestration import plots
from house_prices.orchestration.assets.metadata import PARQUET, common, key, picture, table
from house_prices.orchestration.resources import Folders
from house_prices.registry import PROFILE

MOST_SHOWN = 12
"""Pictures in the metadata; the folder has one of each feature."""


def served_drift(contract: Contract) -> dg.AssetsDefinition:
    """How far served houses are from those that the champion was trained on."""

    @dg.asset(
        **common(contract, "served_drift"),
        deps=[key(contract, "served_predictions")],
        kinds={"scipy", "parquet"},
        io_manager_key=PARQUET,
    )
    def asset(folders: Folders) -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Features and prices of the last days against the champion's training sample, the worst first."""
        champion = folders.registry.resolve(contract.name)
        known = champion.folder / PROFILE
        if not known.is_file():
            return _nothing(champion.number, "The champion has no profile: an earlier release trained it.")
        since = (datetime.now(UTC) - timedelta(days=contract.monitoring.drift_days)).date().isoformat()
        profile = from_json(known.read_bytes())
        found = drift.compare(folders.served(contract.name), champion.number, profile, contract, since=since)
        if found is None:
            return _nothing(champion.number, f"No house has been priced since {since}.")
        folder = folders.drift(contract.name)
        shown = _draw(found, folder, contract)
        return dg.MaterializeResult(
            value=_frame(found),
            metadata={
                "version": found.version,
                "houses": found.houses,
                "served_houses": found.of,
                "since": since,
                "drifted_share": found.share,
                **({"expected_error": found.expected_error} if found.expected_error is not None else {}),
                "features": table(
                    ("feature", "distance", "p, corrected", "drifted"), map(_line, found.features)
                ),
                "pictures": dg.MetadataValue.path(str(folder)),
                **shown,
            },
        )

    return asset


def _nothing(version: int, why: str) -> dg.MaterializeResult:  # type: ignore[type-arg]
    frame = pd.DataFrame(columns=["feature", "distance", "p_value", "drifted"])
    frame.attrs = {"version": version, "why_not": why}
    return dg.MaterializeResult(value=frame, metadata={"version": version, "compared": why})


def _frame(found: Drift) -> pd.DataFrame:
    """A row for each feature, and one for the price."""
    each = [*found.features, *([found.price] if found.price else [])]
    frame = pd.DataFrame(
        {
            "feature": [one.name for one in each],
            "distance": [one.distance for one in each],
            "p_value": [one.p_value for one in each],
            "drifted": [one.drifted for one in each],
        }
    )
    frame.attrs = {
        "version": found.version,
        "houses": found.houses,
        "share": found.share,
        "price": found.price.distance if found.price else None,
        "price_drifted": bool(found.price and found.price.drifted),
        "expected_error": found.expected_error,
    }
    return frame


def _line(one: FeatureDrift) -> tuple[object, ...]:
    return one.name, one.distance, one.p_value, "drifted" if one.drifted else ""


def _draw(found: Drift, folder: Path, contract: Contract) -> dict[str, Any]:
    """A picture of each feature into the folder; those of the most drifted ones as metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    shown: dict[str, Any] = {}
    for one in [*([found.price] if found.price else []), *found.features]:
        png = plots.drift(one, contract.target.unit if one is found.price else "")
        name = "_price" if one is found.price else one.name
        beside = folder / f".{name}.{os.getpid()}"
        beside.write_bytes(png)
        os.replace(beside, folder / f"{name}.png")
        if len(shown) < MOST_SHOWN:
            shown[f"picture_{name}"] = picture(png)
    return shown
