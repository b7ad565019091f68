"""`house-prices data`: generate raw sales."""

import click

from house_prices.cli.alive import alive
from house_prices.cli.home import Home, pass_home


@click.group()
def data() -> None:
    """Generate raw sales."""


@data.command()
@click.option("--rows", default=500_000, type=click.IntRange(1), help="Number of sales to generate.")
@click.option("--seed", default=0, help="The same seed gives the same sales.")
@pass_home
def halfmil(home: Home, rows: int, seed: int) -> None:
    """Generate sales with the pricing formula of Kaggle's HalfMil dataset, in place of its file."""
    from house_prices.sales import halfmil as halfmil_law

    path = home.data / "halfmil" / "raw" / halfmil_law.FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with alive("Generating sales"):
        halfmil_law.write(path, rows, seed)
    click.echo(f"Wrote {rows} sales to {path.relative_to(home.path)}.")


@data.command()
@click.option("--rows", default=500_000, type=click.IntRange(1), help="Number of sales to generate.")
@click.option(
    "--noise", default=0.1, type=click.FloatRange(0, 2), help="Standard deviation of the log of the price."
)
@click.option("--features", default=6, type=click.IntRange(6, 200), help="Number of features.")
@click.option("--seed", default=0, help="The same seed gives the same sales.")
@pass_home
def synthetic(home: Home, rows: int, noise: float, features: int, seed: int) -> None:
    """Generate a market of sales whose true price is known, with interactions, empty cells and drift."""
    import tomlkit

    from house_prices.sales import synthetic as law

    market = home.data / "synthetic"
    for old in (market / "raw").glob("sales-*.parquet"):
        old.unlink()
    files = law.write(market / "raw", rows, noise=noise, features=features, seed=seed)
    (market / "contract.toml").write_text(tomlkit.dumps(law.contract(features)))
    click.echo(
        f"Wrote {rows} sales in {len(files)} files below {files[0].parent.relative_to(home.path)}, and their "
        "contract. Next: house-prices protos --market synthetic, then make demo MARKET=synthetic. "
        f"The best possible RMSLE is about the noise, {noise:g}."
    )
