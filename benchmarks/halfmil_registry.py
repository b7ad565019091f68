"""A registry with a HalfMil model, trained as the platform trains it, to measure servers with."""

import hashlib
from pathlib import Path

from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.registry import Manifest, ModelVersion, Registry
from house_prices.sales import clean, halfmil, read, split
from house_prices.sales.columns import CALIBRATION, HOLDOUT, PART, TRAIN
from house_prices.training import onnx_export, train
from house_prices.training.background import background
from house_prices.training.calibration import calibrate
from house_prices.training.features import Inputs, inputs

ROOT = Path(__file__).parent.parent
SALES = 20_000


def publish(folder: Path, versions: int = 1, *, sales: int = SALES) -> tuple[Registry, Contract, Inputs]:
    """A registry with this many equal versions, the first one promoted, and the holdout's houses."""
    contract = reader.read(ROOT / "data" / "halfmil" / "contract.toml")
    raw = folder / "raw" / halfmil.FILE_NAME
    halfmil.write(raw, sales)
    parted = split.split(clean.clean(read.read([raw], contract).sales, contract).sales, contract)
    seen = parted[parted[PART] == TRAIN]
    fitted = calibrate(train.train(seen, contract), parted[parted[PART] == CALIBRATION], contract)
    model, houses = onnx_export.export(fitted, contract), inputs(parted[parted[PART] == HOLDOUT], contract)
    registry, session = Registry(folder / "models"), onnx_export.session(model)
    for _ in range(versions):
        manifest = Manifest(
            sha256=hashlib.sha256(model).hexdigest(),
            created_at="2026-01-01T00:00:00+00:00",
            contract=contract,
            ranges=onnx_export.ranges(inputs(seen, contract), contract),
            golden=onnx_export.golden(session, houses),
            background=background(houses, onnx_export.predict(session, houses), contract),
            training={},
            data={},
            lineage={},
        )
        registry.publish(contract.name, model, manifest)
    promote(registry, registry.version(contract.name, 1))
    return registry, contract, houses


def promote(registry: Registry, version: ModelVersion) -> None:
    """Make a version the champion."""
    registry.promote(version.market, version.number, sha256=version.manifest.sha256, by="bench", reason="")
