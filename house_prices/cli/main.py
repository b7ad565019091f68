"""The command `house-prices`."""

from pathlib import Path

import click

from house_prices.cli import (
    completion,
    contract,
    data,
    demo,
    gateway,
    metrics,
    mirror,
    models,
    new,
    predict,
    protos,
    quality,
    score,
    up,
)
from house_prices.cli.home import Home
from house_prices.cli.text import shown
from house_prices.errors import HousePricesError


class _Commands(click.Group):
    """A group that reports errors of ours as a message instead of a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except HousePricesError as error:
            raise click.ClickException("\n".join(map(shown, str(error).split("\n")))) from error


@click.group(cls=_Commands, context_settings={"show_default": True})
@click.version_option(package_name="house-prices")
@click.option(
    "--home",
    envvar="HOUSE_PRICES_HOME",
    default=".",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="The project's folder, with data/ and storage/.",
)
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """From raw sales to a served price."""
    context.obj = Home(home.resolve())


for command in (
    demo.demo,
    up.up,
    new.new,
    gateway.gateway,
    predict.predict,
    score.score,
    models.models,
    metrics.metrics,
    mirror.mirror,
    contract.contract,
    protos.protos,
    quality.quality,
    data.data,
    completion.completion,
):
    main.add_command(command)
