"""What `deploy/` promises without an engine."""

from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2]


def test_every_service_is_hardened_and_none_holds_a_secret() -> None:
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    for name, service in yaml.safe_load(text)["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        secrets = {key: value for key, value in service.get("environment", {}).items() if "PASSWORD" in key}
        assert all(value.startswith("${") for value in secrets.values()), name
