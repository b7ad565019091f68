"""`house-prices data`: raw sales that can be made."""

import click

from house_prices.cli.home import Home, pass_home


@click.group()
def data() -> None:
    """Raw sales that can be made."""


@data.command()
@click.option("--rows", default=500_000, type=click.IntRange(1), help="Sales to make.")
@click.option("--seed", default=0, help="The same seed makes the same sales.")
@pass_home
def halfmil(home: Home, rows: int, seed: int) -> None:
    """Make the HalfMil sales file by its law, in place of the published one."""
    from house_prices.sales import halfmil as halfmil_law

    path = home.data / "halfmil" / "raw" / halfmil_law.FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    halfmil_law.write(path, rows, seed)
    click.echo(f"Wrote {rows} sales to {path.relative_to(home.path)}.")
