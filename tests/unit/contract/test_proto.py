"""The typed API: what is printed is what is loaded, and both stay what clients compiled."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.contract import proto as api
from house_prices.contract import reader
from house_prices.contract.schema import Contract
from house_prices.contract.toml_table import QUESTION


def market(*features: dict[str, Any], name: str = "town", **top: Any) -> Contract:
    numbered = [{"number": at, "column": each["name"], **each} for at, each in enumerate(features, start=1)]
    return reader.from_values(
        {"name": name, "title": "A town", "features": numbered, "training": {"candidates": {"ridge": {}}}}
        | {"target": {"column": "Price", "unit": "EUR"}}
        | top
    )


AREA = {
    "name": "area",
    "kind": "number",
    "unit": "m2",
    "minimum": 1,
    "maximum": 900,
    "description": "Living area.",
}
ROOMS = {"name": "rooms", "kind": "integer", "minimum": 0, "missing": 0}
GARDEN = {"name": "garden", "kind": "flag", "required": False}
HEATING = {"name": "heating", "kind": "category", "choices": ["gas", "oil"]}


def compiled(contract: Contract, folder: Path) -> FileDescriptorProto:
    """What protoc makes of the printed file, without the JSON names that it adds."""
    proto = folder / api.path(contract)
    proto.parent.mkdir(parents=True, exist_ok=True)
    proto.write_text(api.printed(contract), encoding="utf-8")
    out = folder / "out.pb"
    assert protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", str(proto)]) == 0
    file = FileDescriptorSet.FromString(out.read_bytes()).file[0]
    for message in file.message_type:
        for field in message.field:
            field.ClearField("json_name")
    return file


def test_the_printed_file_compiles_to_the_descriptor(tmp_path: Path) -> None:
    contract = market(AREA, ROOMS, GARDEN, HEATING)
    assert compiled(contract, tmp_path) == api.descriptor(contract)


def test_the_printed_files_of_the_project_compile_to_their_descriptors(tmp_path: Path) -> None:
    for contract in reader.read_each(Path(__file__).parents[3] / "data")[0].values():
        assert compiled(contract, tmp_path) == api.descriptor(contract)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=200).filter(lambda text: text != QUESTION))
def test_no_description_breaks_out_of_its_comment(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    contract = market(AREA | {"description": text, "unit": text}, title=text)
    assert compiled(contract, tmp_path_factory.mktemp("protos")) == api.descriptor(contract)


def test_comments_tell_units_bounds_and_what_may_be_left_out() -> None:
    printed = api.printed(market(AREA, ROOMS, GARDEN, HEATING))
    assert "  // Living area. A number from 1 to 900 m2. Required.\n  optional double area = 1;" in printed
    assert "  // A whole number from 0. Left out, it stands for 0.\n" in printed
    assert (
        "  // True or false. May be left out where it is not known.\n  optional bool garden = 3;" in printed
    )
    assert "  // One of gas, oil. Required.\n  optional string heating = 4;" in printed
    assert "  // Predicted price in EUR.\n  double price = 1;" in printed


def test_a_default_is_told_as_a_person_writes_it() -> None:
    assert "Left out, it stands for 0." in api.describe(market(ROOMS).features[0])
    no_garden = market(GARDEN | {"missing": False}).features[0]
    assert api.describe(no_garden) == "True or false. Left out, it stands for false."


def test_a_feature_left_out_differs_from_one_that_is_zero() -> None:
    house = api.load(market(AREA, ROOMS)).request().houses.add(rooms=0)  # type: ignore[attr-defined]
    assert house.HasField("rooms")
    assert not house.HasField("area")


def test_two_versions_of_a_contract_live_side_by_side() -> None:
    old, new = api.load(market(AREA)), api.load(market(AREA, ROOMS))
    request = old.request(houses=[{"area": 80}])
    assert new.request.FromString(request.SerializeToString()).houses[0].area == 80  # type: ignore[attr-defined]


def test_old_and_new_clients_understand_each_other_when_a_feature_is_added() -> None:
    old, new = api.load(market(AREA, GARDEN)), api.load(market(AREA, GARDEN, ROOMS))
    request = new.request(houses=[{"area": 80, "garden": True, "rooms": 3}])
    seen = old.request.FromString(request.SerializeToString())
    assert (seen.houses[0].area, seen.houses[0].garden) == (80, True)  # type: ignore[attr-defined]


def test_the_order_of_features_is_nothing_to_a_client() -> None:
    first, second = AREA | {"number": 1}, ROOMS | {"number": 2}
    one, other = api.load(market(first, second)), api.load(market(second, first))
    request = one.request(houses=[{"area": 80, "rooms": 3}])
    assert other.request.FromString(request.SerializeToString()).houses[0].rooms == 3  # type: ignore[attr-defined]


def test_the_version_of_the_api_is_part_of_every_name() -> None:
    contract = market(AREA, api_version=2)
    assert api.package(contract) == "house_prices.town.v2"
    assert str(api.path(contract)) == "house_prices/town/v2/prediction.proto"
    assert api.load(contract).service == "house_prices.town.v2.PredictionService"


KEYWORDS = ("class", "from", "import", "lambda", "none", "optional", "message", "double", "price", "self")


@pytest.mark.parametrize("name", KEYWORDS)
def test_words_of_python_and_protobuf_are_good_names(name: str, tmp_path: Path) -> None:
    target = {"column": "Price", "name": "cost"}
    contract = market({"name": name, "kind": "number"}, name=name, target=target)
    assert compiled(contract, tmp_path) == api.descriptor(contract)
    house = api.load(contract).request().houses.add(**{name: 7})  # type: ignore[attr-defined]
    assert getattr(house, name) == 7
