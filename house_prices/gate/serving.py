"""Rules about the candidate in the real inference server, over a real socket."""

from house_prices.contract.schema import Gate
from house_prices.evaluation.evaluation import FASTEST_MS, Evaluation, ServingTest
from house_prices.gate.decision import Outcome, RuleResult, passes


def served_prices(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The real server gives the prices that scikit-learn gives."""
    served = evaluation.serving
    return _result(
        "served_prices",
        served,
        served.difference <= gate.parity,
        f"The server's prices differ by at most {served.difference:.1e} on {served.rows} houses; "
        f"allowed: {gate.parity:.1e}.",
        {"difference": served.difference, "allowed": gate.parity, "houses": served.rows},
        {"worst_request": served.worst_request},
    )


def served_errors(evaluation: Evaluation, _: Gate) -> RuleResult:
    """The real server refuses bad requests with the right status."""
    served = evaluation.serving
    return _result(
        "served_errors",
        served,
        not served.wrong_answers,
        f"{len(served.wrong_answers)} of {served.bad_requests} bad requests got the wrong answer. "
        + " ".join(served.wrong_answers),
        {"bad_requests": served.bad_requests, "wrong": len(served.wrong_answers)},
        {},
    )


def served_speed(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The real server loads the candidate quickly, and answers as fast as with the champion."""
    served = evaluation.serving
    theirs = served.champion_p99_ms
    slowest = gate.p99_ms if theirs is None else min(gate.p99_ms, max(gate.p99_ratio * theirs, FASTEST_MS))
    beside = "" if theirs is None else f" The champion's is {theirs:.2f} ms in the same check."
    return _result(
        "served_speed",
        served,
        served.load_s <= gate.load_seconds and served.p99_ms <= slowest,
        f"Serving after {served.load_s:.2f} s, allowed: {gate.load_seconds:g} s. One house is answered "
        f"within {served.p99_ms:.2f} ms at the 99th percentile, allowed: {slowest:.2f} ms.{beside}",
        {"load_s": served.load_s, "p99_ms": served.p99_ms, "allowed_p99_ms": slowest},
        {},
    )


def served_size(evaluation: Evaluation, gate: Gate) -> RuleResult:
    """The model's file and the server's memory stay small."""
    served = evaluation.serving
    return _result(
        "served_size",
        served,
        served.memory_mb <= gate.memory_mb and served.model_mb <= gate.model_mb,
        f"The file has {served.model_mb:.3g} MB, allowed: {gate.model_mb:g}. The server takes "
        f"{served.memory_mb:.0f} MB of memory, allowed: {gate.memory_mb:g}.",
        {"model_mb": served.model_mb, "memory_mb": served.memory_mb},
        {},
    )


def _result(
    rule: str,
    served: ServingTest,
    kept: bool,
    sentence: str,
    numbers: dict[str, float],
    details: dict[str, str],
) -> RuleResult:
    """A result that carries the server's log if it does not pass."""
    if served.problem:
        kept, sentence = False, f"The server did not serve the candidate: {served.problem}."
        numbers = {}
    outcome = passes(kept)
    shown = {**details, "server_log": served.log} if outcome is Outcome.FAIL else {}
    return RuleResult(rule=rule, outcome=outcome, sentence=sentence, numbers=numbers, details=shown)
