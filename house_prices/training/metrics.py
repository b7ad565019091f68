"""Metrics of predicted prices."""

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.float64]


def measure(actual: Prices, predicted: Prices) -> dict[str, float]:
    """Every metric in `house_prices.contract.schema.METRICS`, from two arrays of the same length.

    With r = predicted / actual: r2, mse, rmse, mae and mape are as in scikit-learn, whose checks of its
    arguments would take ten times as long in a bootstrap; rmsle takes predictions below 0 as 0; mdape is the
    median of |r - 1|; ppe10 and ppe20 are the shares of prices with |r - 1| of at most 0.10 and 0.20.
    """
    difference = predicted - actual
    error = np.abs(difference) / actual  # 110 for 100 gives 0.10; 110 / 100 - 1 is a little more
    mse = float(np.mean(difference**2))
    return {
        "r2": r2(actual, predicted),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(np.mean(np.abs(difference))),
        "mape": float(np.mean(error)),
        "rmsle": rmsle(actual, predicted),
        "mdape": float(np.median(error)),
        "ppe10": float(np.mean(error <= 0.10)),
        "ppe20": float(np.mean(error <= 0.20)),
    }


def rmsle(actual: Prices, predicted: Prices) -> float:
    """Root mean squared difference of log(1 + price). A prediction below 0 counts as 0."""
    return float(np.sqrt(np.mean((np.log1p(np.maximum(predicted, 0)) - np.log1p(actual)) ** 2)))


def r2(actual: Prices, predicted: Prices) -> float:
    """Coefficient of determination; as in scikit-learn NaN for one price, and 0 or 1 if all are the same."""
    if len(actual) < 2:
        return float("nan")
    residual, total = np.sum((predicted - actual) ** 2), np.sum((actual - actual.mean()) ** 2)
    if total == 0:
        return float(residual == 0)
    return float(1 - residual / total)
