"""`house-prices models`, on a registry that real publications have filled."""

import json
import re
from pathlib import Path

import pytest

from house_prices.registry import ModelVersion, Registry
from tests import commands, models
from tests.commands import house_prices
from tests.models import HUTS


@pytest.fixture
def home(tmp_path: Path) -> Path:
    commands.furnish(tmp_path)
    registry = Registry(tmp_path / "storage" / "models")
    for passed in (True, False):
        version = models.publish(registry, base=1000.0 * passed)
        judge(registry, version, passed=passed)
    return tmp_path


def judge(registry: Registry, version: ModelVersion, *, passed: bool) -> None:
    reasons = [] if passed else ["RMSLE is 3."]
    facts = {"version": version.number, "passed": passed, "reasons": reasons}
    registry.record_decision("huts", {**facts, "metrics": {"rmsle": 0.1, "r2": 0.9}})


def test_list_tells_each_version_with_its_decision_and_stars_the_champion(home: Path) -> None:
    house_prices(home, "models", "promote", "1", "--reason", "first")
    first, second = house_prices(home, "models", "list").stdout.splitlines()[1:]
    assert "*  1" in first
    assert "passed the gate, rmsle 0.1" in first
    assert "rejected: RMSLE is 3." in second


@pytest.mark.parametrize(
    ("file", "content"), [("champion.json", "{"), ("champion.json", "[1]"), ("1/manifest.json", "[1]")]
)
def test_a_market_whose_registry_is_broken_is_told_and_hides_no_other(
    home: Path, file: str, content: str
) -> None:
    broken = home / "storage" / "models" / "attics"
    (broken / "1").mkdir(parents=True)
    (broken / "1" / "manifest.json").touch()
    (broken / file).write_text(content)
    told = house_prices(home, "models", "list")
    assert "passed the gate, rmsle 0.1" in told.stdout
    assert f"{broken / file} cannot be read" in told.stdout + told.stderr
    verified = house_prices(home, "models", "verify")
    assert "huts: 2 versions, no faults" in verified.stdout
    assert f"attics/{file} cannot be read" in verified.stderr
    assert verified.returncode == 1


def test_a_version_that_the_gate_rejected_is_promoted_only_by_force(home: Path) -> None:
    refused = house_prices(home, "models", "promote", "2", "--reason", "a try")
    assert refused.returncode == 1
    assert "RMSLE is 3." in refused.stderr
    forced = house_prices(home, "models", "promote", "2", "--reason", "a try", "--force")
    assert "version 2 is the champion" in forced.stdout


def test_a_rejected_version_is_listed_with_the_reason_and_promoted_only_by_force(home: Path) -> None:
    rejected = house_prices(home, "models", "reject", "1", "--reason", "odd prices")
    assert rejected.stdout == "huts version 1 is rejected; no sensor will promote it.\n"
    first, _ = house_prices(home, "models", "list").stdout.splitlines()[1:]
    assert re.search(r"rejected by \S+: odd prices$", first)
    refused = house_prices(home, "models", "promote", "1", "--reason", "a try")
    assert (refused.returncode, "odd prices. Only a forced promotion" in refused.stderr) == (1, True)
    assert house_prices(home, "models", "promote", "1", "--reason", "a try", "--force").returncode == 0


def test_what_is_pinned_is_listed_until_nothing_is(home: Path) -> None:
    pinned = house_prices(home, "models", "pin", "2")
    assert pinned.stdout == "huts: besides the champion and its predecessor, servers keep 2 loaded.\n"
    assert "+  2" in house_prices(home, "models", "list").stdout
    assert "no version 9" in house_prices(home, "models", "pin", "9").stderr
    assert house_prices(home, "models", "keep").stdout.endswith("servers keep nothing loaded.\n")
    assert "+  2" not in house_prices(home, "models", "list").stdout


def test_a_version_that_needs_review_is_listed_as_such(home: Path) -> None:
    facts = {
        "version": 1,
        "passed": False,
        "outcome": "needs_review",
        "reasons": ["No reason to change."],
    }
    Registry(home / "storage" / "models").record_decision("huts", facts)
    assert "needs review: No reason to change." in house_prices(home, "models", "list").stdout


def test_rollback_brings_the_predecessor_back_and_the_audit_log_tells_why(home: Path) -> None:
    house_prices(home, "models", "promote", "1", "--reason", "first")
    house_prices(home, "models", "promote", "2", "--reason", "second", "--force")
    assert house_prices(home, "models", "rollback", "--reason", "complaints").returncode == 0
    shown = json.loads(house_prices(home, "models", "show", "--json").stdout)
    assert (shown["version"], shown["history"][-1]["reason"]) == (1, "complaints")


def test_a_version_is_summed_up_for_people(home: Path) -> None:
    house_prices(home, "models", "promote", "1", "--reason", "the first")
    told = house_prices(home, "models", "show").stdout
    assert re.search(r"^version +1 of huts, the champion$", told, re.MULTILINE)
    assert re.search(r"^gate +passed the gate, rmsle 0\.1", told, re.MULTILINE)
    assert re.search(r"^promot.* by \S+: the first$", told, re.MULTILINE)
    assert "{" not in told


def test_every_listing_can_be_had_as_json(home: Path) -> None:
    listed = json.loads(house_prices(home, "models", "list", "--json").stdout)
    assert [version["version"] for version in listed["huts"]] == [1, 2]
    assert json.loads(house_prices(home, "models", "verify", "--json").stdout)["huts"]["faults"] == []
    compared = json.loads(house_prices(home, "models", "compare", "1", "2", "--json").stdout)
    assert {"label": "rmsle", "before": "0.1", "after": "0.1", "change": "the same"} in compared["rows"]
    checked = json.loads(house_prices(home, "contract", "check", "--json").stdout)
    assert checked["fine"].keys() == {"huts"}


def test_rollback_without_a_predecessor_says_so(home: Path) -> None:
    told = house_prices(home, "models", "rollback", "--reason", "none")
    assert (told.returncode, "no earlier champion" in told.stderr) == (1, True)


def test_verify_names_a_truncated_model_and_fails(home: Path) -> None:
    assert house_prices(home, "models", "verify").returncode == 0
    model = home / "storage" / "models" / "huts" / "2" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    told = house_prices(home, "models", "verify")
    assert (told.returncode, "2/model.onnx: sha256 is" in told.stderr) == (1, True)


def test_an_unknown_version_is_told_with_those_there_are(home: Path) -> None:
    told = house_prices(home, "models", "show", "7")
    assert "huts has no version 7; published versions: 1, 2." in told.stderr


def test_two_versions_stand_side_by_side(home: Path) -> None:
    house_prices(home, "models", "promote", "1", "--reason", "the first")
    told = house_prices(home, "models", "compare", "1", "2").stdout
    assert re.search(r"^huts +version 1 +version 2$", told, re.MULTILINE)
    assert re.search(r"^rmsle +0\.1 +0\.1 +the same$", told, re.MULTILINE)
    assert "Version 2: rejected: RMSLE is 3." in told
    assert re.search(r"Version 1 serves since .*: the first", told)


def test_what_is_better_and_what_the_contracts_have_changed_is_told(home: Path) -> None:
    registry = Registry(home / "storage" / "models")
    features = [
        {**feature, "maximum": 500} if feature["name"] == "area" else feature for feature in HUTS["features"]
    ]
    version = models.publish(registry, of=models.contract(features=features))
    facts = {"version": version.number, "passed": True, "reasons": [], "holdout": "another"}
    registry.record_decision("huts", {**facts, "metrics": {"rmsle": 0.08, "r2": 0.8}})
    told = house_prices(home, "models", "compare", "1", "3").stdout
    assert re.search(r"^rmsle .* -20\.0%, better$", told, re.MULTILINE)
    assert re.search(r"^r2 .* -11\.1%, worse$", told, re.MULTILINE)
    assert "Each was measured on a holdout of its own" in told
    assert re.search("^area: maximum was .* and is 500", told, re.MULTILINE)


def test_two_versions_are_compared_on_a_page_too(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "compared.html"
    house_prices(home, "models", "compare", "1", "2", "--html", str(page))
    html = page.read_text(encoding="utf-8")
    assert "Version 2: rejected: RMSLE is 3." in html
    assert '<th scope="row">RMSLE</th><td class="number">0.1</td><td class="number strong">0.1</td>' in html
    assert "default-src 'none'" in html


def test_a_mistyped_market_gets_a_suggestion(home: Path) -> None:
    assert "Did you mean huts?" in house_prices(home, "models", "list", "--market", "hust").stderr
