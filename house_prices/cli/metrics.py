"""`house-prices metrics`: how the markets stand, for Prometheus."""

import threading

import click

from house_prices.cli.home import Home, pass_home


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=9102, type=click.IntRange(0, 65535), help="0 picks a free one.")
@pass_home
def metrics(home: Home, host: str, port: int) -> None:
    """Serve the champions' age, live error, drift, checks and promotions as Prometheus metrics.

    They are read anew at each scrape, from the registry and Dagster's records. See deploy/monitoring/.
    """
    import dagster as dg
    from prometheus_client import CollectorRegistry, start_http_server

    from house_prices.orchestration.exporter import Standing

    registry = CollectorRegistry(auto_describe=False)
    with dg.DagsterInstance.get() as instance:
        registry.register(Standing(home.path, home.sound_contracts(), instance))
        server, thread = start_http_server(port, host, registry)
        click.echo(f"http://{host}:{server.server_port}/metrics")
        try:
            threading.Event().wait()
        finally:
            server.shutdown()
            thread.join()
