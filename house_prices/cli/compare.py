"""`house-prices models compare`: two versions side by side."""

from pathlib import Path

import click

from house_prices.cli.home import Home, json_option, market_option, pass_home
from house_prices.cli.text import aligned, as_json, shown


@click.command()
@market_option
@click.argument("before", type=int)
@click.argument("after", type=int)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as a page.")
@json_option
@pass_home
def compare(
    home: Home, market: str | None, before: int, after: int, html: Path | None, is_json: bool
) -> None:
    """Two versions side by side: what they were trained on, how they did, and why one serves."""
    from house_prices.model_card import comparison

    name = home.known(market)
    found = comparison.compare(home.registry, name, before, after)
    if html:
        html.write_text(comparison.page(found), encoding="utf-8")
        click.echo(f"Wrote {html}.", err=True)
    if is_json:
        told = {"rows": [row._asdict() for row in found.rows], "sentences": found.sentences}
        click.echo(as_json({"market": name, "before": before, "after": after, **told}))
        return
    header = (name, f"version {before}", f"version {after}", "")
    for line in (*aligned([header, *found.rows]), *map(shown, found.sentences)):
        click.echo(line)
