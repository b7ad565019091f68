"""`house-prices predict`, against a real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_prices.registry import Registry
from tests import commands, models, servers
from tests.commands import house_prices

PAIRS = ("area=100", "rooms=3", "roof=flat")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("predict")
    commands.furnish(home)
    registry = Registry(home / "storage" / "models")
    models.promote(registry, models.publish(registry, base=0))
    with servers.serving(registry.root) as running:
        running.says("model serves")
        (home / "address").write_text(running.address)
        yield home


def ask(home: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    address = (home / "address").read_text()
    told = house_prices(home, "predict", "--address", address, *words, stdin=stdin)
    return told.returncode, told.stdout + told.stderr


def test_pairs_give_the_price_its_unit_and_the_version(home: Path) -> None:
    assert ask(home, *PAIRS) == (0, "1,203 EUR, by version 1 of huts\n")


def test_values_are_read_as_those_of_a_file_are(home: Path) -> None:
    price = ask(home, *PAIRS)[1]
    assert ask(home, "area=100 sqm", "rooms= 3", "roof=flat ", "garden=NA") == (0, price)


def test_a_clients_install_reads_values_without_the_pipelines_packages() -> None:
    heavy = "import sys, house_prices.cli.predict; sys.exit(len({'pandas', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0


def test_a_value_out_of_its_training_range_is_warned_of(home: Path) -> None:
    code, said = ask(home, "area=900", "rooms=3", "roof=flat")
    assert code == 0
    assert "warning: area" in said


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (("area=big", *PAIRS[1:]), "area: came 'big', allowed: a number from 1 to 1000 m2"),
        (("area=5000", *PAIRS[1:]), "a number from 1 to 1000 m2"),
        (("rooms=3", "roof=flat"), "houses[0].area"),
        (("aera=100", *PAIRS[1:]), "aera is no feature of huts. Did you mean area?"),
        ((*PAIRS, "colour=red"), "colour is no feature of huts. Allowed: area, rooms"),
        (("area",), "came 'area', allowed: FEATURE=VALUE"),
        ((*PAIRS, "area=2"), "area stands twice, the second time as '2'. Give it once."),
        (("area=100 sq ft", *PAIRS[1:]), "area: came '100 sq ft', allowed: a number from 1 to 1000 m2"),
        ((*PAIRS[:2], "roof=thatch"), "one of flat, gable"),
    ],
)
def test_a_house_that_is_not_allowed_is_told_what_is(
    home: Path, pairs: tuple[str, ...], message: str
) -> None:
    code, said = ask(home, *pairs)
    assert code != 0
    assert message in said


@pytest.mark.parametrize("shape", ["one", "list", "request"])
def test_json_is_a_house_a_list_or_a_request(home: Path, shape: str) -> None:
    values = {"one": models.HUT, "list": [models.HUT], "request": {"houses": [models.HUT]}}[shape]
    code, said = ask(home, "--json", "-", stdin=json.dumps(values))
    assert (code, json.loads(said)["predictions"][0]["price"]) == (0, 1203)


def test_csv_is_copied_with_prices_for_raw_headers_and_empty_cells(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("Id,Area,Rooms,Roof,Age\na,100,3,flat,\nb,100,4,gable,7\n")
    assert ask(home, "--csv", str(source), "--out", str(out))[0] == 0
    rows = out.read_text().splitlines()
    assert rows[1].startswith("a,100,3,flat,,1203.0")
    assert rows[2].startswith("b,100,4,gable,7,1211.0")


def test_csv_with_a_bad_row_names_its_line_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("Area,Rooms,Roof\n100,3,flat\n100,many,flat\n")
    code, said = ask(home, "--csv", str(source), "--out", str(out))
    assert (code, "line 3: rooms: came 'many'" in said) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_csv_overwrites_no_column_of_the_users(home: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("Area;Rooms;Roof;predicted_price\n100;3;flat;99\n")
    assert ask(home, "--csv", str(source), "--out", str(out))[0] == 0
    header, row = out.read_text().splitlines()
    assert header.startswith("Area;Rooms;Roof;predicted_price;predicted_price_2;")
    assert row.startswith("100;3;flat;99;1203.0;")


def test_no_server_is_told_with_its_address(home: Path) -> None:
    told = house_prices(home, "predict", "--address", "127.0.0.1:1", *PAIRS)
    assert (told.returncode, "127.0.0.1:1" in told.stderr) == (1, True)
