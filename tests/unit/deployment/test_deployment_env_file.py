from pathlib import Path

import pytest

from house_prices.deployment import env_file
from house_prices.errors import DeploymentError


@pytest.mark.parametrize(
    ("before", "tag", "after"),
    [
        ("A=1\nTAG=old\nB=2\n", "old", "A=1\nTAG=new\nB=2\n"),
        ("A=1\nTAG=", "latest", "A=1\nTAG=new\n"),
        ('TAG="old" # of May\n# TAG=older\nA=1\n', "old", "TAG=new\n# TAG=older\nA=1\n"),
        ("A=1", "latest", "A=1\nTAG=new\n"),
        ("MY_TAG=x\n", "latest", "MY_TAG=x\nTAG=new\n"),
    ],
)
def test_the_tag_is_one_line(tmp_path: Path, before: str, tag: str, after: str) -> None:
    env = tmp_path / ".env"
    env.write_text(before)
    env.chmod(0o600)
    assert env_file.tag(tmp_path) == tag
    env_file.write_tag(tmp_path, "new")
    assert env.read_text() == after
    assert env.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_without_a_file_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"copy .env.example"):
        env_file.tag(tmp_path)
