"""A small market for tests of the pipeline: 300 sales by a simple law, learnt in a second."""

import csv
import os
import time
from pathlib import Path

import numpy as np

NAME = "cottages"
ROWS = 300
HEADER = ("Area", "Rooms", "Roof", "Price")

CONTRACT = """\
name = "cottages"
title = "Cottages"
target = { column = "Price", unit = "EUR" }

[[features]]
name = "area"
column = "Area"
number = 1
kind = "number"
unit = "m2"
minimum = 1
maximum = 1000
description = "Living area."

[[features]]
name = "rooms"
column = "Rooms"
number = 2
kind = "integer"
minimum = 1
maximum = 20

[[features]]
name = "roof"
column = "Roof"
number = 3
kind = "category"
choices = ["flat", "gable", "none"]
missing = "none"

[training]
folds = 3

[training.candidates.linear]

[gate]
floors = { r2 = 0.5 }
rows = 20

[slices]
columns = ["roof"]
"""

Row = tuple[object, ...]
"""A cell for each column of HEADER."""


def write(home: Path, *, contract: str = CONTRACT, sales: list[Row] | None = None) -> None:
    """Lay the market out in a project folder."""
    market = home / "data" / NAME
    (market / "raw").mkdir(parents=True, exist_ok=True)
    (market / "contract.toml").write_text(contract, encoding="utf-8")
    write_sales(market / "raw" / "sales.csv", law() if sales is None else sales)


def law(rows: int = ROWS, *, seed: int = 0, worth: int = 1000, noise: float = 0.0) -> list[Row]:
    """Sales at `worth` for a square metre, 5000 for a room and 9000 for a gable, give or take a share."""
    random = np.random.default_rng(seed)
    areas = (40 + random.permutation(rows) / 2).tolist()  # no two alike, so that no sale is a duplicate
    rooms = random.integers(1, 7, rows).tolist()
    roofs = random.choice(["flat", "gable", ""], rows).tolist()
    shares = (1 + noise * random.uniform(-1, 1, rows)).tolist()
    return [
        (area, room, roof, round(share * (20_000 + worth * area + 5000 * room + 9000 * (roof == "gable"))))
        for area, room, roof, share in zip(areas, rooms, roofs, shares, strict=True)
    ]


def write_sales(file: Path, sales: list[Row]) -> None:
    """Write a raw file, as one that came a minute ago."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([HEADER, *sales])
    a_minute_ago = time.time() - 60
    os.utime(file, (a_minute_ago, a_minute_ago))
