"""Metrics of predicted prices."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Prices = NDArray[np.float64]


def measure(actual: Prices, predicted: Prices) -> dict[str, float]:
    """Every metric in `house_prices.contract.schema.METRICS`, from two arrays of the same length.

    With r = predicted / actual: r2, mse, rmse, mae and mape are as in scikit-learn; rmsle takes predictions
    below 0 as 0; mdape is the median of |r - 1|; ppe10 and ppe20 are the shares of prices with |r - 1| of
    at most 0.10 and 0.20.
    """
    error = np.abs(predicted - actual) / actual  # 110 for 100 gives 0.10; 110 / 100 - 1 is a little more
    mse = float(metrics.mean_squared_error(actual, predicted))
    return {
        "r2": float(metrics.r2_score(actual, predicted)),
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(metrics.mean_absolute_error(actual, predicted)),
        "mape": float(np.mean(error)),
        "rmsle": rmsle(actual, predicted),
        "mdape": float(np.median(error)),
        "ppe10": float(np.mean(error <= 0.10)),
        "ppe20": float(np.mean(error <= 0.20)),
    }


def rmsle(actual: Prices, predicted: Prices) -> float:
    """Root mean squared difference of log(1 + price). A prediction below 0 counts as 0."""
    return float(metrics.root_mean_squared_log_error(actual, np.maximum(predicted, 0)))
