"""Kills at random instants of every change of a registry; `make soak` does a thousand."""

from pathlib import Path

from benchmarks.soaking.kills import kills
from house_prices.registry import Registry

KILLS = 40


def test_nothing_is_torn_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    result = kills(Registry(tmp_path), KILLS)
    assert result.facts.startswith(f"{KILLS} kills, ")
    assert not result.faults, result.facts
