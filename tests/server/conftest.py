"""The transport that the servers of these tests use.

pytest tests/server                              every test over grpcio
pytest tests/server --transport envoy            every test over Envoy
pytest tests/server --transport envoy -m carried   those of what a transport does
"""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--transport", choices=["grpcio", "envoy"], default="grpcio")


def pytest_configure(config: pytest.Config) -> None:
    os.environ["INFERENCE_SERVER_TRANSPORT"] = config.getoption("--transport")
