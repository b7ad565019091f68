"""`house-prices data`: generate raw sales."""

import click

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
    halfmil_law.write(path, rows, seed)
    click.echo(f"Wrote {rows} sales to {path.relative_to(home.path)}.")
