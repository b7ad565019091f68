"""What the child of preflight.py does.

    echo '["REGISTRY", "MARKET", "VERSION"]' | python -m inference_server.models.trial

It loads the version as the server would, replays its golden rows, and prints what it found, or why it refuses
it.
It does not import asyncio, which takes a tenth of its time.
"""

import contextlib
import json
import resource
import sys
from pathlib import Path

from house_prices.errors import HousePricesError
from house_prices.registry import Registry
from inference_server.models import loaded_model
from inference_server.models.onnx_session import ModelRefused, ReplayFailed

MOST_SECONDS = 20
"""Of the processor, and twice as many by the clock."""
MOST_BYTES = 4 * 2**30
"""Of address space."""


def main() -> None:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # it goes before the server does
    if not (place := sys.stdin.read()):
        return  # the server has ended, and wanted nothing
    root, market, version = json.loads(place)
    try:
        model = loaded_model.load(Registry(Path(root)).version(market, int(version)))
    except (HousePricesError, OSError):
        print(json.dumps({"sha256": ""}))  # noqa: T201  # the server meets the same, and explains it
    except ModelRefused as error:
        print(json.dumps({"refused": str(error), "is_replay": isinstance(error, ReplayFailed)}))  # noqa: T201
    else:
        print(json.dumps({"sha256": model.sha256, "repeats": model.onnx.repeats}))  # noqa: T201


if __name__ == "__main__":
    main()
