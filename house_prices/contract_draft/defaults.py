"""How a drafted market is cleaned, trained and judged: good settings to start with, whatever the market."""

_MANY, _VERY_MANY = 5000, 30_000
"""Sales from which on boosting is given larger trees, and the largest."""
_STOP_EARLY = 12_500
"""Sales from which on boosting stops before the last tree if sales that it set aside say so: with 10 000 to
train on, scikit-learn would do that anyway, but not in folds that have fewer."""
_FEW_LEAVES = """\
max_iter = [300]
learning_rate = [0.05]
max_leaf_nodes = [16]
max_features = [0.3]"""
_MANY_LEAVES = """\
max_iter = [500]
learning_rate = [0.1]
max_leaf_nodes = [31, 63]
max_features = [0.5]"""
_MOST_LEAVES = """\
max_iter = [500]
learning_rate = [0.08]
max_leaf_nodes = [127]
max_features = [0.6]"""
_EARLY = """
early_stopping = [true]"""
_TEXT = """
[cleaning]
outliers = "none"
duplicates = "drop"

[training]
folds = 5
iterations = 8

[training.candidates.ridge]
alpha = [1, 10, 100]

[training.candidates.blend] # share * ridge + (1 - share) * gradient boosting
share = [0, 0.2, 0.4, 0.6]
alpha = [10]
{boosting}
min_samples_leaf = [5]
l2_regularization = [10]

[gate]
floors = {{ r2 = 0.5 }} # decide: how good is good enough
"""


def text(sales: int) -> str:
    """The tables from cleaning to gate, for a market of that many sales.

    The settings were chosen on the public tables of `benchmarks/markets.py`. For the most sales there is one
    tree size: a search on a part of them prefers smaller trees than all of them need.
    """
    many = _MANY_LEAVES if sales < _VERY_MANY else _MOST_LEAVES
    boosting = _FEW_LEAVES if sales < _MANY else many
    return _TEXT.format(boosting=boosting + _EARLY if sales >= _STOP_EARLY else boosting)
