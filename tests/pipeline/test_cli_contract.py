"""`house-prices contract` and `house-prices protos`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.commands import house_prices, house_prices_process


@pytest.fixture
def home(tmp_path: Path) -> Path:
    commands.furnish(tmp_path)
    return tmp_path


def test_check_says_that_a_contract_is_fine(home: Path) -> None:
    told = house_prices_process(home, "contract", "check")
    assert (told.returncode, told.stderr) == (0, "")
    assert "huts: fine, 4 numbers and 3 categories" in told.stdout


def test_a_fault_ends_the_process_with_a_code_and_without_a_traceback(home: Path) -> None:
    told = house_prices_process(home, "contract", "check", "--market", "castles")
    assert (told.returncode, told.stdout, "Traceback" in told.stderr) == (2, "", False)


def test_the_command_loads_what_it_needs_when_it_needs_it() -> None:
    program = "import sys, house_prices.cli.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numpy", "pandas", "grpc", "dagster", "sklearn", "jinja2"}


def test_check_lists_every_fault_at_once(home: Path) -> None:
    path = home / "data" / "huts" / "contract.toml"
    path.write_text(path.read_text().replace('kind = "number"', 'kind = "numbr"').replace("EUR", "EUR\nx"))
    assert "is not TOML" in house_prices(home, "contract", "check").stderr
    path.write_text(path.read_text().replace("EUR\nx", "EUR"))
    told = house_prices(home, "contract", "check")
    assert (told.returncode, told.stderr.count("came 'numbr'")) == (1, 2)


def test_check_names_estimators_and_parameters_that_there_are_not(home: Path) -> None:
    path = home / "data" / "huts" / "contract.toml"
    path.write_text(
        path.read_text() + "\n[training.candidates.ridge]\nalpa = [1]\n[training.candidates.magic]\n"
    )
    told = house_prices(home, "contract", "check").stderr
    assert "training.candidates.ridge.alpa: is unknown, allowed: alpha" in told
    assert "training.candidates.magic: is unknown, allowed: linear" in told


def test_a_market_that_there_is_not_is_told_with_those_there_are(home: Path) -> None:
    told = house_prices(home, "contract", "check", "--market", "castles")
    assert "came 'castles'. Markets: huts." in told.stderr


def test_infer_drafts_a_contract_that_check_accepts_as_it_is(home: Path, tmp_path: Path) -> None:
    rows = "".join(
        f"{50 + i % 70},{1 + i % 4},{'north' if i % 3 else 'south'},{900 + 31 * i}\n" for i in range(120)
    )
    (tmp_path / "cabins.csv").write_text("Area,Rooms,Side,Price\n" + rows)
    out = home / "data" / "cabins" / "contract.toml"
    words = ("contract", "infer", str(tmp_path / "cabins.csv"), "--target", "Price")
    assert house_prices(home, *words, "--out", str(out)).returncode == 0
    assert "cabins: fine" in house_prices(home, "contract", "check").stdout
    assert "exists" in house_prices(home, *words, "--out", str(out)).stderr


def test_protos_are_printed_and_a_difference_fails_the_check(home: Path) -> None:
    assert house_prices(home, "protos", "--check").returncode == 1
    house_prices(home, "protos")
    assert house_prices(home, "protos", "--check").returncode == 0
    path = home / "protos" / "house_prices" / "huts" / "v1" / "prediction.proto"
    path.write_text(path.read_text().replace("area = 1", "area = 9"))
    told = house_prices(home, "protos", "--check")
    assert (told.returncode, "differ from their contract" in told.stderr) == (1, True)
