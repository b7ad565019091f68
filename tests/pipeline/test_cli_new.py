"""`house-prices new`: from a file to a market, with the draft's questions asked or answered beforehand."""

import random
from pathlib import Path

import pytest

from house_prices.cli import new
from tests.commands import Done, house_prices

DAY_FIRST = "keys.sold_format=%d/%m/%Y"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Sales whose dates can be read in two ways."""
    draw = random.Random(1)
    rows = [
        f"{draw.randint(30, 200)},{draw.choice(['house', 'flat'])},0{draw.randint(1, 9)}/06/2020"
        for _ in range(200)
    ]
    lines = [f"{int(row.split(',')[0]) * 3000 + draw.randint(0, 90000)},{row}" for row in rows]
    path = tmp_path / "My Sales.csv"
    path.write_text("\n".join(["Price,Area,Type,Sold", *lines]) + "\n")
    (tmp_path / "home" / "data").mkdir(parents=True)
    return path


def start(file: Path, *words: str, typed: str = "") -> Done:
    return house_prices(file.parent / "home", "new", str(file), *words, stdin=typed)


def written(file: Path) -> list[Path]:
    home = file.parent / "home"
    return sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file())


def test_with_every_answer_given_a_market_is_there_that_check_accepts(file: Path) -> None:
    done = start(file, "--target", "Price", "--answer", DAY_FIRST, "--answer", "target.unit=EUR")
    assert done.returncode == 0, done.stderr
    assert [str(path) for path in written(file)] == [
        "data/my_sales/contract.toml",
        "data/my_sales/raw/My Sales.csv",
        "protos/house_prices/my_sales/v1/prediction.proto",
    ]
    assert "my_sales: fine" in house_prices(file.parent / "home", "contract", "check").stdout


def test_without_a_terminal_what_is_open_is_told_and_nothing_is_written(file: Path) -> None:
    assert "Which column is the price? The file has: Price, Area, Type, Sold." in start(file).stderr
    open_question = start(file, "--target", "Price")
    assert open_question.returncode == 2
    assert "--answer keys.sold_format=...   %d/%m/%Y or %m/%d/%Y" in open_question.stderr
    assert "asked for is target.unit" in start(file, "--target", "Price", "--answer", "x=1").stderr
    assert written(file) == []


def test_in_a_terminal_the_draft_asks(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "in_terminal", lambda: True)
    done = start(file, typed="Price\nEUR\n%d/%m/%Y\n")
    assert done.returncode == 0, done.stderr
    assert "target.unit: USD, EUR ..." in done.stdout
    contract = (file.parent / "home/data/my_sales/contract.toml").read_text()
    assert 'unit = "EUR"' in contract
    assert 'sold_format = "%d/%m/%Y"' in contract


def test_a_wrong_answer_writes_nothing_and_a_market_is_never_replaced(file: Path) -> None:
    wrong = start(file, "--target", "Price", "--answer", "keys.sold_format=whenever")
    assert "keys.sold_format" in wrong.stderr
    assert written(file) == []
    (file.parent / "home/data/my_sales").mkdir()
    assert "my_sales exists" in start(file, "--target", "Price", "--answer", DAY_FIRST).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_a_completion(file: Path, shell: str) -> None:
    assert "_HOUSE_PRICES_COMPLETE" in house_prices(file.parent, "completion", shell).stdout
