from pathlib import Path

import dagster as dg
import pytest

from house_prices.deployment import definitions, rollout, sources
from house_prices.deployment.definitions import Project
from house_prices.deployment.rollout import Deployed
from house_prices.errors import DeploymentError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".dockerignore").write_text("*\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Project(folder=str(tmp_path))


def materialize(instance: dg.DagsterInstance, project: Project) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [definitions.deployment], instance=instance, resources={"project": project}, raise_on_error=False
    )


def deployed(tag: str) -> Deployed:
    return Deployed(
        tag=tag,
        before="latest",
        built=True,
        digests={f"house-prices-inference:{tag}": "sha256:1f"},
        seconds={"code": 2.25},
    )


def test_the_outcome_is_an_asset_with_the_digests(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "deploy", lambda *_: deployed("new"))
    with dg.instance_for_test() as instance:
        result = materialize(instance, project)
    metadata = result.asset_materializations_for_node("deployment")[0].metadata
    assert metadata["tag"].value == "new"
    assert metadata["house-prices-inference"].value == "sha256:1f"
    assert "| code | 2.2 |" in str(metadata["services"].value)


def test_a_deployment_that_was_taken_back_fails_with_the_reason(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DeploymentError("code is unhealthy")

    monkeypatch.setattr(rollout, "deploy", fail)
    with dg.instance_for_test() as instance:
        result = materialize(instance, project)
        assert not result.success
        failure = result.failure_data_for_node("deployment")
        assert failure
        assert failure.user_failure_data
        assert failure.user_failure_data.description == "code is unhealthy"
        assert instance.get_latest_materialization_event(definitions.KEY) is None


def test_sources_are_deployed_once_they_stay_as_they_are(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.instance_for_test() as instance:

        def tick(cursor: str | None) -> dg.SensorResult:
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            result = definitions.sources_sensor(context, project=project)
            assert isinstance(result, dg.SensorResult)
            return result

        first = tick(None)
        assert "is new" in str(first.skip_reason)
        second = tick(first.cursor)
        assert second.run_requests
        tag = sources.tag(project.path)
        assert [request.run_key for request in second.run_requests] == [tag]
        monkeypatch.setattr(rollout, "deploy", lambda *_: deployed(tag))
        materialize(instance, project)
        assert f"{tag} runs." in str(tick(second.cursor).skip_reason)
        (project.path / "Dockerfile").write_text("FROM python\n")
        assert "is new" in str(tick(tag).skip_reason)


def test_without_the_projects_folder_the_error_says_what_sets_it() -> None:
    with pytest.raises(DeploymentError, match="HOUSE_PRICES_SOURCES"):
        _ = Project(folder="").path


def test_the_code_location_loads() -> None:
    dg.Definitions.validate_loadable(definitions.defs())
