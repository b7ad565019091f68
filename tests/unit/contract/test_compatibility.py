"""What breaks a client of the typed API."""

import pytest

from house_prices.contract.compatibility import breaks
from tests import models

FEATURES = list(models.HUTS["features"])  # type: ignore[call-overload]


def changed(name: str, **changes: object) -> list[dict[str, object]]:
    return [{**feature, **changes} if feature["name"] == name else feature for feature in FEATURES]


NEW = {"name": "pool", "column": "Pool", "number": 30, "kind": "flag"}


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([f for f in FEATURES if f["name"] != "age"], "age is gone."),
        (changed("age", number=40), "age had number 4 and has 40."),
        (changed("rooms", kind="number"), "rooms changed from integer to number."),
        (changed("age", required=True), "age could be left out and is required."),
        (changed("roof", choices=["flat", "gable"]), "roof no longer takes ça."),
        ([*FEATURES, NEW], "pool is new and required."),
        (
            [f for f in FEATURES if f["name"] != "age"] + [{**NEW, "number": 4, "required": False}],
            "was age's.",
        ),
        (
            [*FEATURES, {**NEW, "name": "reference", "required": False}],
            "reference is a feature now, and no longer the caller's name for a house.",
        ),
    ],
)
def test_a_break_names_the_field(features: list[dict[str, object]], said: str) -> None:
    assert any(said in sentence for sentence in breaks(models.contract(), models.contract(features=features)))


def test_a_new_feature_that_may_be_left_out_breaks_nothing() -> None:
    features = [*FEATURES, {**NEW, "required": False}]
    assert breaks(models.contract(), models.contract(features=features)) == []


def test_a_higher_api_version_is_another_service() -> None:
    assert breaks(models.contract(), models.contract(features=[NEW], api_version=2)) == []


def test_a_date_may_be_added_to_the_requests_and_not_taken_away() -> None:
    undated, dated = models.contract(), models.contract(keys={"sold": ["Sold"]})
    assert breaks(undated, dated) == []
    assert breaks(dated, undated) == ["valuation_date is gone."]
