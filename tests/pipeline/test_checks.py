"""What the asset checks tell a person, each on sales that bring it about."""

import dagster as dg
import pytest

from house_prices import gate
from house_prices.orchestration.checks.sales import SANITY
from tests import cottages
from tests.workshop import METRICS, Workshop

CLEAN = dg.AssetKey(["cottages", "clean_sales"])


def cleaned(shop: Workshop, sales: list[cottages.Row]) -> dict[str, dg.AssetCheckEvaluation]:
    """What the checks say of cleaned sales, by name."""
    cottages.write_sales(shop.sales, sales)
    assert shop.materialize(["raw_sales", "clean_sales"]).success
    return by_name(shop.check(["clean_sales"]))


def by_name(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def numbers(evaluation: dg.AssetCheckEvaluation) -> dict[str, object]:
    return {name: value.value for name, value in evaluation.metadata.items()}


def test_good_sales_pass_every_check(shop: Workshop) -> None:
    said = cleaned(shop, cottages.law())
    assert {name: found.passed for name, found in said.items()} == {
        "row_loss": True,
        "contract_violations": True,
        "duplicates": True,
        "nulls": True,
        "drift": True,
    }


def test_violations_are_counted_by_reason_and_only_warn(shop: Workshop) -> None:
    broken: list[cottages.Row] = [(0, 3, "flat", 100), (5000, 3, "flat", 100), (80, 3, "thatch", 100)]
    said = cleaned(shop, [*cottages.law(), *broken])["contract_violations"]
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert numbers(said) == {
        "sales": 3,
        "area: below 1": 1,
        "area: above 1000": 1,
        "roof: not one of its choices": 1,
    }


def test_losing_more_than_a_fifth_of_the_sales_warns(shop: Workshop) -> None:
    broken: list[cottages.Row] = [(0, 3, "flat", 100)] * 50
    said = cleaned(shop, [*cottages.law(), *broken, *cottages.law()[:50]])["row_loss"]
    assert not said.passed
    assert numbers(said) == {"read": 400, "kept": 300, "lost_share": 0.25}


def test_many_sales_written_twice_warn(shop: Workshop) -> None:
    said = cleaned(shop, [*cottages.law(), *cottages.law()[:100]])["duplicates"]
    assert not said.passed
    assert numbers(said) == {"duplicates": 100, "share": 0.25}


def test_sales_beyond_what_the_champion_saw_warn_of_drift(trained: Workshop) -> None:
    sha256 = trained.registry.version("cottages", 1).manifest.sha256
    trained.registry.promote("cottages", 1, sha256=sha256, by="a test", reason="to drift from")
    said = cleaned(trained, [*cottages.law(), (900, 3, "flat", 950_000)])["drift"]
    assert not said.passed
    assert numbers(said) == {
        "champion": 1,
        "features_outside": 1,
        "area": "40 to 900, the champion saw 40 to 189",
    }


def test_a_champion_whose_manifest_is_damaged_warns_and_stops_no_training(trained: Workshop) -> None:
    version = trained.registry.version("cottages", 1)
    trained.registry.promote("cottages", 1, sha256=version.manifest.sha256, by="a test", reason="to damage")
    (version.folder / "manifest.json").write_text("{}")
    result = trained.train()
    assert result.success
    assert "manifest.json cannot be read" in str(numbers(by_name(result)["drift"])["champion"])


def test_a_candidate_beside_a_damaged_champion_is_for_a_person_to_promote(trained: Workshop) -> None:
    version = trained.registry.version("cottages", 1)
    trained.registry.promote("cottages", 1, sha256=version.manifest.sha256, by="a test", reason="to damage")
    version.model.write_bytes(b"no model")
    cottages.write_sales(trained.sales, cottages.law(worth=2000))
    said = by_name(trained.train())["against_champion"]
    assert not said.passed
    assert "The champion, version 1, cannot price this holdout" in str(said.description)


def test_no_holdout_sale_is_also_trained_on(shop: Workshop) -> None:
    cottages.write_sales(shop.sales, [*cottages.law(), *cottages.law()])
    assert shop.materialize(["raw_sales", "clean_sales", "splits"]).success
    said = by_name(shop.check(["splits"]))["no_sale_in_two_parts"]
    assert said.passed
    assert numbers(said) == {"shared_sales": 0, "equal_sales_in_one_part": 0}


def test_a_law_without_noise_is_told_before_training_and_only_warns(shop: Workshop) -> None:
    assert shop.materialize(["raw_sales", "clean_sales", "splits"]).success
    said = by_name(shop.check(["splits"]))
    assert {name: said[name].passed for name in SANITY} == {
        "feature_dominance": True,
        "exact_law": False,
        "holdout_drift": True,
    }
    assert said["exact_law"].severity == dg.AssetCheckSeverity.WARN
    assert "R2 = 1 is right for these sales" in str(said["exact_law"].description)


def test_each_rule_of_the_gate_is_a_check_that_says_what_it_asks() -> None:
    assert all(rule.__doc__ and rule.__name__ == name for name, rule in gate.RULES.items())


def test_a_result_names_the_files_it_is_about(trained: Workshop) -> None:
    said = by_name(trained.check())["floors"]
    assert numbers(said) == {
        "outcome": "pass",
        "r2": pytest.approx(1.0),
        "model_card": "http://localhost:8080/v1/cottages:card?version=1",
        "version": 1,
        "sha256": trained.registry.version("cottages", 1).manifest.sha256,
    }


def test_one_check_of_several_can_be_executed_alone(materialized: Workshop) -> None:
    alone = materialized.execute(dg.AssetSelection.checks(dg.AssetCheckKey(METRICS, "parity")))
    assert list(by_name(alone)) == ["parity"]
    nulls = materialized.execute(dg.AssetSelection.checks(dg.AssetCheckKey(CLEAN, "nulls")))
    assert list(by_name(nulls)) == ["nulls"]


def test_every_decision_is_written_down_whether_it_passed_or_not(shop: Workshop) -> None:
    cottages.write(shop.home, contract=cottages.CONTRACT.replace("r2 = 0.5", "r2 = 1.1"))
    shop.train()
    (entry,) = (one for one in shop.registry.history("cottages") if one["event"] == "gate_decision")
    assert (entry["event"], entry["version"], entry["passed"]) == ("gate_decision", 1, False)
    assert entry["reasons"] == ["floors: On the holdout: r2 1 (at least 1.1)."]


def test_the_gates_checks_write_nothing_but_their_results(materialized: Workshop) -> None:
    models = materialized.home / "storage" / "models"
    before = {path: path.stat().st_mtime_ns for path in models.rglob("*")}
    assert materialized.check().success
    assert {path: path.stat().st_mtime_ns for path in models.rglob("*")} == before


def test_the_model_card_is_an_asset_of_its_own(shop: Workshop) -> None:
    report = shop.home / "storage" / "models" / "cottages" / "1" / "report.html"
    shop.materialize(["raw_sales", "clean_sales", "splits", "fitted_pipeline", "candidate_model", "metrics"])
    assert not report.exists()
    shop.materialize(["model_card"])
    assert "Cottages" in report.read_text(encoding="utf-8")
