"""Training, `predict --csv` and `score` make the same of a file, whatever its kind."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from house_prices import contract_draft
from house_prices.contract import reader
from house_prices.monitoring import houses as scoring
from house_prices.monitoring import pieces
from house_prices.sales import cells, clean, houses, read
from house_prices.sales.columns import LINE

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
MARKETS = {
    **dict.fromkeys(("B_comma_mixed", "N_ch"), ""),
    **dict.fromkeys(("D_header_newline", "E_totals", "H_choices", "J_sep", "L_units", "M_spacehdr"), ""),
    **dict.fromkeys(("M_title2", "O_onebad_first", "Q_monthly_1", "Q_monthly_2", "Q_numbers_empty"), ""),
    **dict.fromkeys(("C1_2019", "C2_new"), ""),
    "A_de_thousands": ",",
}
"""Each file of sales, and the answer to what its draft asks."""
PRICES = {"B_comma_mixed": "preis", "N_ch": "prix"}


@pytest.mark.parametrize("name", MARKETS)
def test_what_training_reads_of_a_sale_is_what_is_priced_of_the_house(name: str) -> None:
    path = CASES / f"{name}.csv"
    text = contract_draft.draft(path, PRICES.get(name, "price"))
    contract = reader.from_values(tomllib.loads(text.replace('"?"', f'"{MARKETS[name]}"')))
    raw = read.read([path], contract).sales
    trained = cells.typed(raw, contract).set_index(LINE)
    refused = set(clean.clean(raw, contract).rejects.query("reason != @clean.DUPLICATE")[LINE])
    loaded = {row.line: row.house for row in houses.load(path, contract).rows}
    (sheet,) = pieces.read(path)
    scored = scoring.of_sheet(sheet, contract)
    at = {int(line): row for row, line in enumerate(sheet.lines)}
    kept = [line for line in trained.index if line not in refused]
    assert len(kept) >= 40
    for column, feature in enumerate(contract.numbers):
        expected = trained.loc[kept, feature.name].to_numpy(dtype=np.float32)
        priced = pd.Series([loaded[line][feature.name] for line in kept], dtype="float32")  # type: ignore[index]
        np.testing.assert_array_equal(priced, expected)
        np.testing.assert_array_equal(scored.inputs.numbers[[at[line] for line in kept], column], expected)
    for column, feature in enumerate(contract.categories):
        texts = trained.loc[kept, feature.name].fillna("").tolist()
        assert [loaded[line][feature.name] or "" for line in kept] == texts  # type: ignore[index]
        assert scored.inputs.categories[[at[line] for line in kept], column].tolist() == texts
    assert not any(scored.refusals[at[line]] for line in kept)


@pytest.mark.parametrize(
    "name",
    ["p_latin1", "p_again", "p_space", "p_case", "p_semicolon", "p_ragged", "p_na", "p_under", "p_bad"],
)
def test_a_table_of_houses_is_priced_or_refused_alike_by_predict_and_score(name: str) -> None:
    path = CASES / f"{name}.csv"
    contract = reader.from_values(tomllib.loads(contract_draft.draft(CASES / "Q_monthly_1.csv", "price")))
    loaded = houses.load(path, contract)
    (sheet,) = pieces.read(path)
    scored = scoring.of_sheet(sheet, contract)
    bad = {int(fault.split(":")[0].removeprefix("line ")) for fault in loaded.faults}
    bad |= {row.line for row in loaded.rows if row.house is None}
    assert bad == {int(line) for line, why in zip(sheet.lines, scored.refusals, strict=True) if why}
