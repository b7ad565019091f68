"""`house-prices quality`: cross-validate the whole training against the contract's limits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from house_prices.cli.home import Home, market_option, pass_home

if TYPE_CHECKING:
    from house_prices.training.cross_validation import Bar, Fold


@click.command()
@market_option
@click.option("--folds", default=5, type=click.IntRange(2, 50), help="Trainings, each evaluated on one fold.")
@click.option(
    "--rolling", is_flag=True, help="Folds that look forward: train on the past, judge what came next."
)
@pass_home
def quality(home: Home, market: str | None, folds: int, rolling: bool) -> None:
    """Cross-validate the whole training, and print how well it prices sales that it has not seen.

    Each fold does everything that a training does: it searches for the best estimator, sets sales aside to
    calibrate intervals, and exports the model that makes the predictions. Fails if a limit in the contract's
    [quality] is not reached; with --rolling, limits are not compared, for they are about all sales.
    """
    from house_prices import sources
    from house_prices.sales import clean, split
    from house_prices.training import cross_validation as quality

    contract = home.contract(home.known(market))
    raw = sources.sales(contract, home.data / contract.name, _tell)
    # not for the split, but for the row order, which depends only on the sales' content
    sales = split.split(clean.clean(raw.sales, contract, _tell).sales, contract)
    click.echo(f"{contract.title}: {len(sales)} sales, contract {contract.digest[:12]}")
    done = []
    for number, fold in enumerate(quality.assess(sales, contract, folds, _tell, rolling=rolling), start=1):
        done.append(fold)
        click.echo(
            f"  fold {number}: {fold.estimator}({_words(fold.parameters)}), fitted on {fold.fitted_on}, "
            f"calibrated on {fold.calibrated_on}, evaluated on {len(fold.predictions)}"
        )
    columns = [quality.figures(one) for one in (*(f.predictions for f in done), quality.together(done))]
    _print_table([*(f"fold {number}" for number in range(1, len(done) + 1)), "all"], columns)
    if rolling:
        _print_ahead(done)
    else:
        _print_bars(quality.bars(columns[-1], contract.quality))


def _tell(line: str) -> None:
    """On stderr, for stdout has the result."""
    click.echo(f"    {line}", err=True)


def _words(parameters: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _print_table(header: list[str], columns: list[dict[str, float]]) -> None:
    """One line for each metric, one column for each fold, and a last column for all of them together."""
    click.echo(f"\n{'':<22}{''.join(f'{word:>11}' for word in header)}")
    for name in columns[-1]:
        form = ".0f" if name == "sales" else ".4g"
        cells = (f"{column[name]:{form}}" if name in column else "none" for column in columns)
        click.echo(f"{name:<22}{''.join(f'{cell:>11}' for cell in cells)}")


def _print_ahead(folds: "Sequence[Fold]") -> None:
    """One line for sales that are equally far ahead of what their fold was fitted on."""
    import numpy as np

    from house_prices.training import cross_validation
    from house_prices.training.ahead import by_ahead

    days = np.concatenate([fold.ahead for fold in folds if fold.ahead is not None])
    found = cross_validation.together(folds)
    click.echo(f"\n{'days ahead':<22}{'sales':>11}{'rmsle':>11}{'median ratio':>14}")
    for one in by_ahead(days, found.actual, found.price):
        words = f"up to {one.days}"
        click.echo(f"{words:<22}{one.sales:>11}{one.rmsle:>11.4g}{one.median_ratio:>14.4f}")


def _print_bars(bars: "list[Bar]") -> None:
    click.echo("" if bars else "\nThe contract sets no [quality].")
    for bar in bars:
        mark = click.style("reached", fg="green") if bar.reached else click.style("missed", fg="red")
        click.echo(f"{mark:<7}  {bar.metric} {bar.value:.4g}, {bar.words} {bar.limit:g}")
    missed = [bar.metric for bar in bars if not bar.reached]
    if missed:
        raise click.ClickException(f"Not reached: {', '.join(missed)}.")
