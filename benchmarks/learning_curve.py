"""Whether more sales make better prices: errors on unseen sales of models fitted on more and more of them.

The sales are synthetic, with interactions, noise and a rise, so the least possible error is known.
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from house_prices.sales import synthetic

UNSEEN = 250_000
MODELS = {
    "ridge": lambda: make_pipeline(StandardScaler(), Ridge()),
    "31 leaves": lambda: HistGradientBoostingRegressor(max_iter=200, categorical_features=[4]),
    "255 leaves": lambda: HistGradientBoostingRegressor(
        max_iter=500, learning_rate=0.05, max_leaf_nodes=255, categorical_features=[4]
    ),
}


def arrays(rows: int, noise: float, seed: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Features and the logarithm of the price, a block at a time."""
    for sales in synthetic.blocks(rows, noise=noise, seed=seed):
        columns = [sales[name].to_numpy(np.float32) for name in ("Area", "Rooms", "Quality", "Age")]
        columns += [sales[name].cat.codes.to_numpy(np.float32) for name in ("District", "Garden", "Sold")]
        columns[3] = np.nan_to_num(columns[3], nan=synthetic.UNKNOWN_AGE)
        yield np.column_stack(columns), np.log(sales[synthetic.PRICE].to_numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.1, 0.02])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    asked = parser.parse_args()
    print(f"{'noise':>6}{'sales':>12} {'model':12}{'RMSE of the log':>16}{'of the noise':>14}{'fit s':>8}")
    for noise in asked.noise:
        unseen, price = next(arrays(UNSEEN, noise, seed=1))
        for rows in asked.rows:
            x, y = (np.concatenate(part) for part in zip(*arrays(rows, noise, seed=0), strict=True))
            for name in asked.models:
                start = time.perf_counter()
                model = MODELS[name]().fit(x[:rows], y[:rows])
                seconds = time.perf_counter() - start
                error = float(np.sqrt(np.mean((model.predict(unseen) - price) ** 2)))
                print(
                    f"{noise:6.2f}{rows:12d} {name:12}{error:16.5f}{error / noise:14.3f}{seconds:8.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
