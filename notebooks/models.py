# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # A market's sales, and which model prices them best
#
# Everything here is done by the functions that train, too. Set `MARKET` to look at another folder of `data/`.
# Open it with `jupytext --to ipynb notebooks/models.py`, or run it: `python notebooks/models.py ames`.

# %%
import sys
from dataclasses import replace
from pathlib import Path

from house_prices.contract import reader
from house_prices.sales import clean, halfmil, read, split
from house_prices.sales.columns import HOLDOUT, PART, TRAIN
from house_prices.training import diagnostics, train
from house_prices.training.features import inputs, prices
from house_prices.training.metrics import measure

MARKET = next((word for word in sys.argv[1:] if not word.startswith("-")), "ames")
HOME = Path(__file__).parents[1] if "__file__" in globals() else Path()
MOST_SALES = 3000

# %% [markdown]
# ## The sales
# HalfMil's are generated if there is no file yet.

# %%
contract = reader.read(HOME / "data" / MARKET / "contract.toml")
raw = read.paths(HOME / "data" / MARKET / "raw")
if MARKET == "halfmil" and not raw:
    frame = halfmil.generate(MOST_SALES, seed=0)
    raw = [Path(sys.argv[-1]) / "sales.csv"]
    frame.to_csv(raw[0], index=False)
cleaned = clean.clean(read.read(raw, contract).sales, contract)
sales = split.split(cleaned.sales, contract).head(MOST_SALES)
print(f"{contract.title}: {len(sales)} sales, {len(cleaned.rejects)} rejected")
print(clean.count_by_reason(cleaned.rejects))

# %%
numbers = [feature.name for feature in contract.numbers]
print(sales[["price", *numbers[:8]]].describe().T[["mean", "std", "min", "50%", "max"]].round(1))

# %% [markdown]
# Which features move with the price? Does one of them tell it alone, so that it may be made from it?

# %%
print(
    sales[[*numbers, "price"]].corr(numeric_only=True)["price"].drop("price").sort_values().tail(8).round(2)
)
print(diagnostics.dominance(sales, contract).sentence)
print(diagnostics.exact_law(sales, contract).sentence)

# %% [markdown]
# ## The models
# Each of the contract's estimators with one setting, compared in cross-validation. A training tries more.

# %%
few = {
    name: {key: values[:1] for key, values in of.items()} for name, of in contract.training.candidates.items()
}
quick = replace(contract, training=replace(contract.training, candidates=few, folds=3, search_rows=1500))
seen, held = sales[sales[PART] == TRAIN], sales[sales[PART] == HOLDOUT]
fitted = train.train(seen, quick)
for trial in fitted.trials:
    print(f"{trial.estimator:<24} RMSLE {trial.rmsle:.4f}  {dict(trial.parameters)}")

# %% [markdown]
# The best one on sales that no model has seen:

# %%
figures = measure(prices(held, quick), fitted.predict(inputs(held, quick)))
print(f"{fitted.best.estimator} on {len(held)} sales")
print({name: round(value, 4) for name, value in figures.items()})
