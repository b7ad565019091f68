from pathlib import Path

import pytest

from house_prices.deployment import sources
from house_prices.errors import DeploymentError

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".dockerignore").write_text("*\n!code\n**/__pycache__\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "a.py").write_text("a = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content"), [("code/a.py", "a = 2\n"), ("Dockerfile", "FROM python\n"), ("code/b.py", "")]
)
def test_the_tag_changes_with_what_the_images_are_made_from(project: Path, name: str, content: str) -> None:
    before = sources.tag(project)
    (project / name).write_text(content)
    assert sources.tag(project) != before


def test_the_tag_changes_with_a_name_and_with_what_may_be_executed(project: Path) -> None:
    tags = [sources.tag(project)]
    (project / "code" / "a.py").chmod(0o755)
    tags.append(sources.tag(project))
    (project / "code" / "a.py").rename(project / "code" / "b.py")
    tags.append(sources.tag(project))
    assert len({*tags}) == 3


def test_the_tag_is_the_same_with_what_the_images_do_not_hold(project: Path) -> None:
    before = sources.tag(project)
    (project / ".env").write_text("TAG=1\n")
    (project / "code" / "__pycache__" / "a.pyc").write_text("x")
    assert sources.tag(project) == before


def test_a_folder_that_is_not_the_projects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no .dockerignore and no Dockerfile"):
        sources.tag(tmp_path)


def test_the_projects_own_sources_are_code_pins_and_contracts_and_no_secret() -> None:
    names = {str(path.relative_to(PROJECT)) for path in sources.files(PROJECT)}
    assert {
        "Dockerfile",
        "deploy/requirements/inference.txt",
        "inference_server/transport/grpcio/server.py",
        "data/ames/contract.toml",
    } <= names
    assert not [name for name in names if name.startswith((".env", "tests", "storage", "deploy/tls"))]
