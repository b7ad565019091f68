"""A table of houses, priced as the server would price it."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from house_prices.cli.main import main
from house_prices.errors import MonitoringError
from house_prices.monitoring import batch, pieces
from house_prices.registry import Registry
from house_prices.stores import Folder
from inference_server.errors import BadHouses
from inference_server.models import loaded_model
from tests import commands, models

HEADER = ("Listing", "area", "rooms", "Garden", "roof", "view")
ROWS = [
    ("L1", "100", "3", "yes", "flat", "sea"),
    ("L2", "999", "3", "", "gable", ""),
    ("L3", "5000", "3", "", "flat", ""),
    ("L4", "", "3.5", "", "thatch", ""),
    ("L5", "20,5", "0", "no", "ça", "none"),
]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    model = models.interval_model(models.contract(), base=0)
    models.promote(registry, models.publish(registry, model=model))
    return registry


def write(path: Path, rows: list[tuple[str, ...]] = ROWS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([HEADER, *rows])
    return path


def read(out: Path) -> list[dict[str, Any]]:
    parts = [pq.ParquetFile(part).read() for part in sorted(out.glob("part-*.parquet"))]
    rows: list[dict[str, Any]] = pa.concat_tables(parts).to_pylist()
    return rows


def test_every_row_stands_there_with_its_price_or_why_it_has_none(registry: Registry, tmp_path: Path) -> None:
    scored = batch.score(registry, "huts", [write(tmp_path / "in.csv")], Folder(tmp_path / "out"))
    first, second, third, fourth, fifth = read(tmp_path / "out")
    assert (scored.rows, scored.refused, scored.with_warnings) == (5, 3, 1)
    assert (first["Listing"], first["area"], first["predicted_price"]) == ("L1", "100", 1204.0)
    assert (first["predicted_lower"], first["predicted_upper"]) == (1104.0, 1304.0)
    assert second["predicted_warnings"] == ["area 999 is above 249, the largest seen in training"]
    assert third["predicted_price"] is None
    assert third["predicted_refusal"] == "area: came '5000', allowed: a number from 1 to 1000 m2"
    assert [told.partition(":")[0] for told in fourth["predicted_refusal"].split("; ")] == [
        "area",
        "rooms",
        "roof",
    ]
    assert "area: came '20,5'" in fifth["predicted_refusal"]
    assert {row["predicted_version"] for row in read(tmp_path / "out")} == {1}


def test_what_each_feature_adds_sums_to_the_price_if_it_is_asked_for(
    registry: Registry, tmp_path: Path
) -> None:
    out, path = Folder(tmp_path / "out"), write(tmp_path / "in.csv")
    batch.score(registry, "huts", [path], out, explain=True)
    first, _, third, *_ = read(tmp_path / "out")
    amounts = dict(first["predicted_contributions"])
    assert first["predicted_base"] + sum(amounts.values()) == pytest.approx(
        first["predicted_price"], rel=1e-6
    )
    assert "area" in amounts
    assert third["predicted_base"] is third["predicted_contributions"] is None
    with pytest.raises(MonitoringError, match=r"explained\. Give another folder"):
        batch.score(registry, "huts", [path], out)


def test_a_version_without_typical_sales_cannot_explain(registry: Registry, tmp_path: Path) -> None:
    models.promote(registry, models.publish(registry, background=None))
    with pytest.raises(MonitoringError, match="Train and promote a new version"):
        batch.score(registry, "huts", [write(tmp_path / "in.csv")], Folder(tmp_path / "out"), explain=True)


def test_prices_and_refusals_are_those_of_the_typed_api(registry: Registry, tmp_path: Path) -> None:
    model = loaded_model.load(registry.version("huts", 1))
    random = np.random.default_rng(0)
    houses = [
        {"area": float(area), "rooms": int(rooms), "roof": str(roof), "age": float(age)}
        for area, rooms, roof, age in zip(
            random.uniform(0, 1100, 400),
            random.integers(-1, 2002, 400),
            random.choice(["flat", "gable", "ça"], 400),
            random.normal(0, 1e3, 400),
            strict=True,
        )
    ]
    table = pa.Table.from_pylist(houses)
    pq.write_table(table, tmp_path / "in.parquet")
    batch.score(registry, "huts", [tmp_path / "in.parquet"], Folder(tmp_path / "out"))
    request: Any = model.api.request
    for house, row in zip(houses, read(tmp_path / "out"), strict=True):
        raw = request(houses=[house]).SerializeToString()
        try:
            served = float(model.onnx.predict(model.codec.read(raw, max_rows=1)).price[0])
        except BadHouses:
            assert row["predicted_price"] is None
            assert row["predicted_refusal"]
        else:
            assert row["predicted_price"] == served


@pytest.mark.parametrize("packed", [False, True])
def test_a_long_text_is_priced_piece_by_piece_as_it_is_at_once(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    rows = [(f'a "quoted"\nname {n}', f"{n % 900 + 1}", "3", "", "flat", "") for n in range(300)]
    path = write(tmp_path / "in.csv", rows)
    batch.score(registry, "huts", [path], Folder(tmp_path / "whole"))
    monkeypatch.setattr(pieces, "BYTES", 1000)
    if packed:
        (tmp_path / "in.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "in.csv.gz"
    batch.score(registry, "huts", [path], Folder(tmp_path / "cut"))
    assert len(list((tmp_path / "cut").glob("part-*"))) > 5
    assert read(tmp_path / "cut") == read(tmp_path / "whole")


def test_the_lines_of_later_pieces_are_those_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "in.csv", ROWS * 20)
    (whole,) = pieces.read(path)
    monkeypatch.setattr(pieces, "BYTES", 300)
    assert np.concatenate([piece.lines for piece in pieces.read(path)]).tolist() == whole.lines.tolist()


def test_a_run_that_was_killed_goes_on_where_it_was_with_the_version_that_it_had(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "BYTES", 60)
    path, out = write(tmp_path / "in.csv", ROWS * 4), tmp_path / "out"
    real = batch._write
    written: list[Path] = []

    def dying(store: Folder, part: str, table: pa.Table) -> None:
        if len(written) == 2:
            (out / f".{part}.half").write_bytes(b"half")
            raise KeyboardInterrupt
        written.append(out / part)
        real(store, part, table)

    with monkeypatch.context() as patched:
        patched.setattr(batch, "_write", dying)
        with pytest.raises(KeyboardInterrupt):
            batch.score(registry, "huts", [path], Folder(out))
    before = {part: part.stat().st_mtime_ns for part in written}
    models.promote(registry, models.publish(registry))
    scored = batch.score(registry, "huts", [path], Folder(out))
    assert (scored.version, scored.rows) == (1, 20)
    assert {part: part.stat().st_mtime_ns for part in written} == before
    assert [row["Listing"] for row in read(out)] == ["L1", "L2", "L3", "L4", "L5"] * 4
    assert batch.score(registry, "huts", [path], Folder(out)) == scored
    assert not list(out.glob(".part-*"))


def test_a_folder_with_other_prices_is_left_alone(registry: Registry, tmp_path: Path) -> None:
    path, out = write(tmp_path / "in.csv"), tmp_path / "out"
    batch.score(registry, "huts", [path], Folder(out))
    write(path, ROWS[:2])
    with pytest.raises(MonitoringError, match="Give another folder, or delete this one"):
        batch.score(registry, "huts", [path], Folder(out))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(MonitoringError, match="holds other files"):
        batch.score(registry, "huts", [path], Folder(tmp_path / "mine"))
    assert json.loads((out / batch.DONE).read_bytes())["rows"] == 5


def test_a_house_for_which_the_model_has_no_finite_price_is_refused_alone(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    contract = models.contract(
        features=[{"name": "area", "column": "Area", "number": 1, "kind": "number"}], example={}
    )
    models.promote(registry, models.publish(registry, contract))
    (tmp_path / "in.csv").write_text("Area;Note\n1;\n3e38;\n2;\n")
    batch.score(registry, "huts", [tmp_path / "in.csv"], Folder(tmp_path / "out"))
    rows = read(tmp_path / "out")
    assert [row["predicted_price"] is None for row in rows] == [False, True, False]
    assert rows[1]["predicted_refusal"] == "the model has no finite price for it"


def test_the_command_says_what_it_did_and_what_to_do(registry: Registry, tmp_path: Path) -> None:
    commands.furnish(tmp_path)
    (tmp_path / "storage").mkdir()
    registry.root.rename(tmp_path / "storage" / "models")
    path, out = str(write(tmp_path / "in.csv")), str(tmp_path / "out")
    words = ["--home", str(tmp_path), "score", path, "--out", out]
    done = CliRunner().invoke(main, words)
    assert done.output == f"{out}: 5 rows by version 1 of huts, 3 refused, 1 with warnings\n"
    refused = CliRunner().invoke(main, [*words, "--version", "2"])
    assert (refused.exit_code, "Give another folder" in refused.output) == (1, True)
