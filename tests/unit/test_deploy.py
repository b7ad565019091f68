"""What `deploy/` promises without an engine."""

import itertools
import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from dagster._core.workspace.load_target import get_target_from_toml_data

PROJECT = Path(__file__).parents[2]


def test_every_service_is_hardened_and_none_holds_a_secret() -> None:
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    for name, service in yaml.safe_load(text)["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        secrets = {key: value for key, value in service.get("environment", {}).items() if "PASSWORD" in key}
        assert all(value.startswith("${") for value in secrets.values()), name


def test_dagster_has_one_name_for_the_project_however_it_is_started() -> None:
    """By another, its sensors are others: both would run, each with a history of its own."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    names = {get_target_from_toml_data(pyproject).location_name}
    for file in ("workspace.yaml", "deploy/workspace.yaml"):
        (first, *_) = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["load_from"]
        (location,) = first.values()
        names.add(location["location_name"])
    assert names == {"house_prices"}


def test_an_inference_server_shares_a_network_with_envoy_and_prometheus_alone() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    inference = set(services["inference"]["networks"])
    assert [name for name, one in services.items() if inference & {*one.get("networks", [])}] == [
        "inference",
        "envoy",
        "prometheus",
    ]
    assert [name for name, one in services.items() if "networks" not in one] == ["secrets", "gateway-config"]


def test_nothing_gains_privileges_on_one_machine_or_several() -> None:
    for file in ("docker-compose.yml", "deploy/stack.yml"):
        for name, service in yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["services"].items():
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_the_engines_socket_is_only_where_runs_are_started_and_stopped() -> None:
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    mounted = [name for name, one in services.items() if "docker.sock" in str(one.get("volumes", ""))]
    assert mounted == ["webserver", "daemon"]


def test_code_daemon_and_runs_have_the_credentials_that_the_handbook_names() -> None:
    """The daemon starts the containers of runs: a name that it does not have would stop each of them."""
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    context = re.sub(r"\$\{.*?\}", "", services["code"]["environment"]["DAGSTER_CONTAINER_CONTEXT"])
    names = [name for name in json.loads(context)["docker"]["env_vars"] if "=" not in name]
    handbook = (PROJECT / "docs/sources.md").read_text(encoding="utf-8")
    assert {name for name in names if not name.startswith("MLFLOW")} == {
        name for name in re.findall(r"`([A-Z]+_?[A-Z_]*)`", handbook) if re.match("AWS|AZ|GOO|PGP|MY", name)
    }
    for service in ("code", "daemon"):
        given = services[service]["environment"]
        assert {name: given[name] for name in names} == {name: f"${{{name}:-}}" for name in names}
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    assert set(names) <= {line.partition("=")[0] for line in example.splitlines()}


def pins(text: str) -> dict[str, str]:
    """Versions by name, of lines such as `numpy==2.3.0`."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


@pytest.mark.parametrize(
    ("image", "extras"),
    [("inference", ["envoy"]), ("pipeline", ["pipeline", "s3", "gs", "az", "https", "sql", "mlflow"])],
)
def test_images_are_built_from_hashed_files_of_the_pinned_versions(image: str, extras: list[str]) -> None:
    text = (PROJECT / f"deploy/requirements/{image}.txt").read_text()
    locked, pinned = pins(text), pins((PROJECT / "constraints.txt").read_text())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    asked = {re.split(r"[\[<>=]", one)[0].lower() for one in itertools.chain(*lists)}
    assert asked <= locked.keys(), "make locks"
    assert len(re.findall(r"==.*\\\n +--hash=sha256:", text)) == len(locked)
    locked.pop("setuptools")
    assert locked.items() <= pinned.items(), "make locks"


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "1 packages audited, 0 advisories."),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}],
            1,
            "1 packages audited, 1 advisories.",
        ),
        ([{"name": "a", "skip_reason": "not found"}], 2, "Not audited: 1 of 1 packages (a, ...)"),
    ],
)
def test_an_audit_that_could_not_ask_is_not_taken_for_a_good_one(
    found: list[dict[str, object]], code: int, last: str
) -> None:
    lines, ended = runpy.run_path(str(PROJECT / "deploy/audit.py"))["report"](found)
    assert ended == code
    assert lines[-1].startswith(last)
