"""What the prediction log costs: requests/s and processor time with every request logged, as shares of those
without a log.

python -m benchmarks.prediction_log
"""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks import h2load, halfmil_registry, requests, server
from benchmarks.running import Server

ROUNDS, SECONDS = 21, 1.0


def main() -> None:
    """Both servers run all the time and are loaded in turn; medians of the rounds' ratios."""
    h2load.check()
    with tempfile.TemporaryDirectory() as folder:
        registry, contract, houses = halfmil_registry.publish(Path(folder))
        log = Path(folder, "predictions")
        asked = [requests.typed(contract, houses, 1), requests.open_inference(contract, houses, 1)]
        with (
            server.serving(registry) as plain,
            server.serving(registry, "--prediction-log", str(log)) as logging,
        ):
            both = [Server(port=one.port, processes=one.workers()) for one in (plain, logging)]
            for request in asked:
                ratios = []
                for turn in range(ROUNDS):
                    order = both if turn % 2 else both[::-1]
                    loads = {one.port: one.load(request, SECONDS) for one in order}
                    off, on = (loads[one.port] for one in both)
                    ratios.append((on.requests_s / off.requests_s, on.cpu_us / off.cpu_us))
                for what, column in zip(
                    ("requests/s", "processor time a request"), np.transpose(ratios), strict=True
                ):
                    low, middle, high = np.percentile(column, [25, 50, 75])
                    print(f"{request.name}: {middle:.3f} of the {what}, quartiles {low:.3f} to {high:.3f}")
            written = logging.metric("inference_predictions_logged_total", outcome="written")
            dropped = logging.metric("inference_predictions_logged_total", outcome="dropped")
            print(f"{written:.0f} requests written, {dropped:.0f} dropped")


if __name__ == "__main__":
    main()
