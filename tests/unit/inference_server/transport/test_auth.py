"""Files of tokens: one a line, long enough, for nobody else."""

from pathlib import Path

import pytest

from inference_server.settings import BadSettings
from inference_server.transport.auth import Tokens

FIRST, SECOND = "0123456789abcdef", "ZmVkY2JhOTg3NjU0MzIxMA=="


def tokens(folder: Path, content: str, mode: int = 0o600) -> Tokens:
    path = folder / "tokens"
    path.write_text(content)
    path.chmod(mode)
    return Tokens(path, "--admin-token-file")


def test_each_line_is_a_token(tmp_path: Path) -> None:
    found = tokens(tmp_path, f"{FIRST}\n{SECOND}\n", 0o640)
    assert [found.has(token) for token in (FIRST, SECOND, "", f"{FIRST}\n{SECOND}")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "line",
    ["short", "# the token of the batch", f"{FIRST} {SECOND}", f"{FIRST} # old", f" {FIRST}", "", "é" * 20],
)
def test_a_line_that_is_no_token_is_refused_by_its_number_and_not_repeated(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadSettings, match=r"line 2 of .* is no token, allowed: at least 16") as caught:
        tokens(tmp_path, f"{FIRST}\n{line}\n{SECOND}\n")
    assert not line or line not in str(caught.value)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o666])
def test_a_file_that_every_user_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadSettings, match=r"every user of this machine .* Run: chmod o= "):
        tokens(tmp_path, FIRST, mode)


def test_what_cannot_be_used_leaves_the_former_tokens(tmp_path: Path) -> None:
    found = tokens(tmp_path, FIRST)
    (tmp_path / "tokens").write_text("short\n")
    with pytest.raises(BadSettings):
        found.reload()
    assert found.has(FIRST)
