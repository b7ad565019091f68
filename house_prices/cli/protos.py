"""`house-prices protos`: write each market's typed API as a .proto file."""

import click

from house_prices.cli.home import Home, market_option, pass_home
from house_prices.contract import proto
from house_prices.errors import ContractError


@click.command()
@market_option
@click.option("--check", is_flag=True, help="Write nothing; fail if a file differs from its contract.")
@pass_home
def protos(home: Home, market: str | None, check: bool) -> None:
    """Write protos/house_prices/<market>/v<N>/prediction.proto from each contract."""
    stale, broken = [], []
    for name in [home.known(market)] if market else home.markets:
        try:
            contract = home.contract(name)
        except ContractError as error:
            click.echo(str(error), err=True)
            broken.append(name)
            continue
        path, text = home.protos / proto.path(contract), proto.printed(contract)
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if check:
            stale += [] if same else [str(path)]
        elif not same:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        outcome = "up to date" if same else "differs from its contract" if check else "written"
        click.echo(f"{path.relative_to(home.path)}: {outcome}")
    if broken:
        raise click.ClickException(f"The contracts of {', '.join(broken)} cannot be used.")
    if stale:
        raise click.ClickException(f"{len(stale)} differ from their contract. Run `house-prices protos`.")
