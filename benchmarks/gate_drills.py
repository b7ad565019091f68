"""Tests the gate with deliberate faults, and prints its response to each.

    python -m benchmarks.gate_drills

Exits with 1 if the response to a fault is not the expected one.
"""

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pandas as pd
from click.testing import CliRunner

from benchmarks.simulated import CHAMPION, CONTRACT, NEWER, SLICED, challenge, holdout, judge, priced
from house_prices import gate
from house_prices.cli.home import Home
from house_prices.cli.models import models as models_command
from house_prices.contract.schema import Contract
from house_prices.evaluation import measure as evaluate
from house_prices.registry.verify import verify
from house_prices.sales.columns import GROUP, HOLDOUT, PART
from house_prices.training import diagnostics, onnx_export, train
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure
from tests import clean_sales, models, plain_model

SEED = 11
MANY = 2500
HUTS = models.contract()


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A fault, and the response to it."""

    fault: str
    expected: str
    kept: bool
    """Whether the response was the expected one."""
    said: str
    """The response, in the words of the rule or check that should notice the fault."""


def one_bad_slice() -> Drill:
    draw = np.random.default_rng(SEED)
    held = holdout(draw)
    worse = np.where(held.riverside, 0.15, -0.25)
    comparison, decision = judge(challenge(held, draw, worse=worse), contract=SLICED)
    said = _result(decision, "slices").sentence
    return Drill(
        fault="better on average, 15% worse by the river",
        expected="not promoted; the slice is named",
        kept=comparison.high < 0 and not decision.passed and "riverside = 1" in said,
        said=said,
    )


def knows_the_holdout() -> Drill:
    draw = np.random.default_rng(SEED)
    sales = challenge(holdout(draw), draw, worse=-0.9)
    candidate = replace(NEWER, trained_on=evaluate.names_of(sales))
    return _held(
        "trained on the holdout's own sales",
        judge(sales, candidate=candidate)[1],
        "was in the training of one of the two",
    )


def price_in_a_feature() -> Drill:
    """It leaks the price in the holdout too, so no metric shows it, only a diagnostic of the sales."""
    sales = clean_sales.huts(600).assign(age=lambda one: one["price"] / 1e5)
    found = diagnostics.dominance(sales, HUTS)
    return Drill(
        fault="a feature made from the price",
        expected="the check feature_dominance warns and names it",
        kept=not found.fine and "age" in found.sentence,
        said=found.sentence,
    )


def shuffled_targets() -> Drill:
    trained, held = clean_sales.huts(300), clean_sales.huts(500, seed=1)
    shuffled = np.random.default_rng(SEED).permutation(trained["price"].to_numpy())
    held[PART], held[GROUP] = HOLDOUT, np.arange(len(held), dtype=np.uint64)
    candidate = _trained(trained.assign(price=shuffled), HUTS)
    predicted = onnx_export.predict(candidate.session, inputs(held, HUTS))
    _, decision = judge(
        held,
        candidate=replace(candidate, version=2, sha256="candidate"),
        champion=_trained(trained, HUTS),
        contract=HUTS,
        metrics=measure(prices(held, HUTS), predicted),
        baseline=evaluate.baseline(trained, held, HUTS),
    )
    against = _result(decision, "against_champion")
    baseline = _result(decision, "beats_baseline")
    return Drill(
        fault="trained on shuffled prices",
        expected="rejected: no better than the median price, and inferior",
        kept=against.sentence.startswith("Inferior.") and baseline.outcome is gate.Outcome.FAIL,
        said=baseline.sentence,
    )


def one_percent_noise() -> Drill:
    """On many sales, because the median error on 550 is too uncertain to show that it is no worse."""
    draw = np.random.default_rng(SEED)
    held = holdout(draw, MANY)
    champion = challenge(held, draw)["champion"].to_numpy()
    sales = priced(held, champion * np.exp(draw.normal(0, 0.01, MANY)), champion)
    said = _result(judge(sales, candidate=NEWER)[1], "against_champion").sentence
    return Drill(
        fault="the champion with 1% of noise, on newer data",
        expected="not inferior, which is not superior; on the same data it is not promoted",
        kept=said.startswith("Not inferior, and trained on newer data.") and not judge(sales)[1].passed,
        said=said,
    )


def champion_without_its_feature() -> Drill:
    draw = np.random.default_rng(SEED)
    pool = replace(CONTRACT.features[2], name="pool", column="Pool", number=4)
    champion = replace(CHAMPION, contract=replace(CONTRACT, features=(*CONTRACT.features, pool)))
    contract = replace(CONTRACT, api_version=2)
    _, decision = judge(challenge(holdout(draw), draw, worse=-0.2), champion=champion, contract=contract)
    return _held("a champion that cannot price the holdout", decision, "it needs pool")


def changed_audit_log() -> Drill:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        plain_model.publish(home.registry, b"one")
        plain_model.promote(home.registry, 1)
        log = home.models / plain_model.MARKET / "audit.jsonl"
        log.write_bytes(log.read_bytes().replace(b'"by":"a test"', b'"by":"nobody"'))
        told = CliRunner().invoke(models_command, ["verify"], obj=home)
    return Drill(
        fault="a changed line in the audit log",
        expected="`models verify` names the line and fails",
        kept=told.exit_code == 1 and "audit.jsonl line 2 does not match its own hash" in told.output,
        said=told.output.splitlines()[1].strip(),
    )


def two_promotions_at_once() -> Drill:
    with tempfile.TemporaryDirectory() as folder:
        registry = Home(Path(folder)).registry
        for content in (b"one", b"two"):
            plain_model.publish(registry, content)
        together = Barrier(2)

        def promote(number: int) -> None:
            together.wait()
            plain_model.promote(registry, number)

        with ThreadPoolExecutor(2) as people:
            list(people.map(promote, (1, 2)))
        champion, history = registry.resolve(plain_model.MARKET).number, registry.history(plain_model.MARKET)
        faults = verify(registry, plain_model.MARKET)
    order = [entry["version"] for entry in history if entry["event"] == "promotion"]
    return Drill(
        fault="two promotions at once",
        expected="one after the other; the log has both",
        kept=sorted(order) == [1, 2] and champion == order[-1] and not faults,
        said=f"Promoted {order[0]}, then {order[1]}; champion {champion}; {len(faults) or 'no'} faults.",
    )


DRILLS: tuple[Callable[[], Drill], ...] = (
    one_bad_slice,
    knows_the_holdout,
    price_in_a_feature,
    shuffled_targets,
    one_percent_noise,
    champion_without_its_feature,
    changed_audit_log,
    two_promotions_at_once,
)


def main() -> int:
    found = [drill() for drill in DRILLS]
    width = max(len(drill.fault) for drill in found)
    for drill in found:
        print(f"{'kept' if drill.kept else 'MISSED':<8}{drill.fault:<{width}}  {drill.expected}")
        print(f"{'':<8}{'':<{width}}  {drill.said}")
    return 0 if all(drill.kept for drill in found) else 1


def _held(fault: str, decision: gate.GateDecision, why: str) -> Drill:
    """A fault for which the champion comparison needs a person's review."""
    said = _result(decision, "against_champion").sentence
    kept = decision.outcome is gate.Outcome.NEEDS_REVIEW and why in said
    return Drill(fault=fault, expected="needs review", kept=kept, said=said)


def _result(decision: gate.GateDecision, rule: str) -> gate.RuleResult:
    return next(result for result in decision.results if result.rule == rule)


def _trained(sales: pd.DataFrame, contract: Contract) -> evaluate.Model:
    """A model that is really trained and exported."""
    session = onnx_export.session(onnx_export.export(train.train(sales, contract), contract))
    return replace(CHAMPION, contract=contract, session=session)


if __name__ == "__main__":
    sys.exit(main())
