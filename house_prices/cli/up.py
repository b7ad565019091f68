"""`house-prices up`: Dagster's UI and daemon, and the inference server, until Ctrl-C."""

import signal
import sys
import time

import click

from house_prices.cli.alive import alive
from house_prices.cli.home import Home, pass_home
from house_prices.cli.processes import Processes, listening, the_only_daemon


@click.command()
@click.option("--ui-port", default=3000, help="Port for Dagster's UI.")
@click.option("--port", default=8001, help="Port for the inference server.")
@pass_home
def up(home: Home, ui_port: int, port: int) -> None:
    """Run Dagster (UI and daemon) and the inference server until Ctrl-C."""
    for wanted, option in ((ui_port, "--ui-port"), (port, "--port")):
        if listening(wanted):
            raise click.ClickException(f"Port {wanted} is in use. Choose another with {option}.")
    for number in (signal.SIGTERM, signal.SIGINT):  # a background job of a shell ignores SIGINT otherwise
        signal.signal(number, signal.default_int_handler)
    with the_only_daemon(home.logs) as free, children(home, f"localhost:{port}") as processes:
        if not free:
            raise click.ClickException(f"A Dagster daemon for {home.path} is already running.")
        try:
            processes.start("inference-server", server_command(home, port))
            processes.start("dagster", [*python("dagster"), "dev", "--port", str(ui_port)])
            click.echo(f"Inference server  localhost:{port}, gRPC")
            with alive("Starting Dagster"):
                _wait(processes, ui_port)
            click.echo(f"Dagster UI        http://localhost:{ui_port}")
            click.echo(f"Logs              {home.logs}\nCtrl-C stops both.")
            if not home.registry.markets():
                click.echo("Nothing is published yet: materialize a market's assets in the UI.")
            is_ready = False
            while (ended := processes.ended()) is None:
                if not is_ready and (is_ready := _serves(port)):
                    click.secho("Ready: the server has a champion and gives prices.", fg="green")
                time.sleep(0.5)
            raise click.ClickException(ended)
        except KeyboardInterrupt:
            click.echo("\nStopping.")
    click.echo("Stopped.")


def _wait(processes: Processes, port: int) -> None:
    while not listening(port):
        if ended := processes.ended():
            raise click.ClickException(ended)
        time.sleep(0.2)


def _serves(port: int) -> bool:
    """Whether the server says that it is ready."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            told = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.RpcError:
            return False
    return bool(told.status == health_pb2.HealthCheckResponse.SERVING)


def children(home: Home, server: str = "") -> Processes:
    """Child processes in the project's folder: Dagster keeps its runs in the folder it is started in.

    `server` is the inference server's address, for the check `served`.
    """
    asked = {"HOUSE_PRICES_ADDRESS": server} if server else {}
    return Processes(home.logs, home.path, {**environment(home), **asked})


def environment(home: Home) -> dict[str, str]:
    """The children's environment variables."""
    return {
        "DAGSTER_HOME": str(home.path),
        "HOUSE_PRICES_HOME": str(home.path),
        "PYTHONWARNINGS": "ignore",
        # Threads that spin while they wait make training ten times slower on a shared machine.
        "OMP_WAIT_POLICY": "passive",
        # Keep freed memory for the next step: fresh pages are slow on virtual machines.
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    }


def python(module: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module]


def server_command(home: Home, port: int) -> list[str]:
    """The command of the inference server for the project's registry."""
    log = ["--prediction-log", str(home.storage / "predictions")]
    return [*python("inference_server"), "--models", str(home.models), "--port", str(port), *log]
