"""Measures the gate's error rates on challengers whose true quality is known.

    python -m benchmarks.gate_power [--sequences 200] [--trainings 5] [--challengers 60]

Each goes through the project's own champion comparison and rules, and passes in every other respect. A
sequence is a number of re-trainings, none of them truly better, compared with one champion on one holdout;
each spends its part of the 5% error. Exits with 1 if more than 5% of the sequences, or of the trainings, lead
to a promotion, beyond chance (two standard errors).
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.processes import ROOT
from benchmarks.simulated import ANOTHER_KIND, CANDIDATE, NEWER, RETRAINED, SALES, challenge, holdout, judge
from house_prices.evaluation import bootstrap

RESULTS = ROOT / "benchmarks" / "results" / "gate_power.json"
ALLOWED = 0.05
"""Largest share of false promotions."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something happened."""

    what: str
    times: int
    of: int

    @property
    def share(self) -> float:
        return self.times / self.of

    @property
    def error(self) -> float:
        """Its Monte Carlo standard error."""
        return math.sqrt(self.share * (1 - self.share) / self.of)

    @property
    def too_high(self) -> bool:
        """Whether it is above the allowed share by more than chance."""
        return self.share > ALLOWED + 2 * math.sqrt(ALLOWED * (1 - ALLOWED) / self.of)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--sequences", type=int, default=200)
    options.add_argument("--trainings", type=int, default=5, help="in each sequence")
    options.add_argument("--challengers", type=int, default=60, help="for each of the other rates")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    started = time.monotonic()
    draw = np.random.default_rng(chosen.seed)
    false = false_promotions(draw, chosen.sequences, chosen.trainings)
    others = other_rates(draw, chosen.challengers)
    _print(chosen.sequences, chosen.trainings, false, others)
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started),
        "resamples": bootstrap.RESAMPLES,
        "rates": [{**asdict(one), "share": one.share, "error": one.error} for one in (*false, *others)],
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(f"{found['seconds']} s. Written to {RESULTS.relative_to(ROOT)}.")
    return 1 if any(one.too_high for one in false) else 0


def false_promotions(draw: np.random.Generator, sequences: int, trainings: int) -> list[Rate]:
    """Promotions of challengers that are truly no better, by sequence, by first training and by training."""
    promoted = np.array([_sequence(draw, trainings) for _ in range(sequences)])
    return [
        Rate(what="any training of a sequence", times=int(promoted.any(axis=1).sum()), of=sequences),
        Rate(what="the first training", times=int(promoted[:, 0].sum()), of=sequences),
        Rate(what="each training", times=int(promoted.sum()), of=promoted.size),
    ]


def _sequence(draw: np.random.Generator, trainings: int) -> list[bool]:
    """Which re-trainings would be promoted, each evaluated as if none before it had been."""
    held = holdout(draw)
    return [judge(challenge(held, draw), turn=turn)[1].passed for turn in range(1, trainings + 1)]


def other_rates(draw: np.random.Generator, challengers: int) -> list[Rate]:
    """Power, and promotions within the margin of "no worse"; each challenger is the first on its holdout."""
    kinds = {
        "5% better, the same estimator": (-0.05, RETRAINED, CANDIDATE),
        "5% better, another estimator": (-0.05, ANOTHER_KIND, CANDIDATE),
        "as good, on newer sales": (0.0, RETRAINED, NEWER),
        "3% worse, on newer sales": (0.03, RETRAINED, NEWER),
    }
    found = []
    for what, (worse, correlation, candidate) in kinds.items():
        sales = (
            challenge(holdout(draw), draw, worse=worse, correlation=correlation) for _ in range(challengers)
        )
        promoted = [judge(one, candidate=candidate)[1].passed for one in sales]
        found.append(Rate(what=what, times=sum(promoted), of=challengers))
    return found


def _print(sequences: int, trainings: int, false: Sequence[Rate], others: Sequence[Rate]) -> None:
    spent = sum(bootstrap.spend(turn) for turn in range(1, trainings + 1))
    count = sequences * trainings
    print(
        "A false promotion: the challenger's true RMSLE is the champion's, the gate calls it superior,\n"
        f"and no other rule objects. {count} such challengers: {trainings} re-trainings against one champion"
        f"\non each of {sequences} holdouts of {SALES} sales. Those of one holdout may spend {spent:.3f},\n"
        f"any number of them {ALLOWED}. The bootstrap draws {bootstrap.RESAMPLES} times, as in use.\n"
    )
    print(f"{'promoted, of challengers no better':<40}{'share':>8}{'error':>8}{'times':>12}")
    for one in false:
        print(_row(one), "TOO HIGH" if one.too_high else f"at most {ALLOWED}")
    print("promoted, of challengers truly")
    for one in others:
        print(_row(one))


def _row(one: Rate) -> str:
    return f"  {one.what:<38}{one.share:>8.3f}{one.error:>8.3f}{f'{one.times} of {one.of}':>12}"


if __name__ == "__main__":
    sys.exit(main())
