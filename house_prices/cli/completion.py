"""`house-prices completion`: a shell's completion of this command."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands, options, markets and features in a SHELL.

    For bash: eval "$(house-prices completion bash)"
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"click completes no {shell}.")
    click.echo(found(context.find_root().command, {}, "house-prices", "_HOUSE_PRICES_COMPLETE").source())
