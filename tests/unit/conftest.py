"""A unit test starts no process, opens no connection and runs no Dagster: other layers do that."""

import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any, NoReturn

import dagster as dg
import grpc
import pytest

NETWORKS = (socket.AF_INET, socket.AF_INET6)


def refuse(what: str, layers: str) -> Callable[..., NoReturn]:
    """What stands in for a call that a unit test must not make."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError(f"A unit test {what}. Such a test belongs in {layers}.")

    return refused


def except_on_a_network(method: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The method of a socket, refused on a network: asyncio needs its pair of sockets within the process."""

    def called(of: socket.socket, *arguments: Any) -> Any:
        if of.family in NETWORKS:
            refuse(what, "tests/server")()
        return method(of, *arguments)

    return called


@pytest.fixture(autouse=True)
def _stays_in_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    process = refuse("started a process", "tests/pipeline or tests/server")
    monkeypatch.setattr(subprocess.Popen, "__init__", process)
    monkeypatch.setattr(os, "fork", process)
    for name in ("connect", "connect_ex", "bind"):
        guarded = except_on_a_network(getattr(socket.socket, name), f"called {name} on a socket")
        monkeypatch.setattr(socket.socket, name, guarded)
    for module in (grpc, grpc.aio):  # its sockets are not Python's
        for name in ("insecure_channel", "secure_channel", "server"):
            monkeypatch.setattr(module, name, refuse(f"called grpc's {name}", "tests/server"))
    run = refuse("ran something in Dagster", "tests/pipeline")
    monkeypatch.setattr(dg.DagsterInstance, "create_run", run)
    monkeypatch.setattr(dg.DagsterInstance, "create_run_for_job", run)
