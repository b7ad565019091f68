"""The file of users."""

from pathlib import Path

import pytest

from house_prices.errors import SignInError
from house_prices.sign_in import users
from house_prices.sign_in.users import Users


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("users") / "users"
    path.write_text(f"{users.line('ann', 'a long password')}\n\n{users.line('bob', 'another: one')}\n")
    return path


def test_a_user_has_one_password(file: Path) -> None:
    known = Users(file)
    assert known.knows("ann", "a long password")
    assert known.knows("bob", "another: one")
    assert not known.knows("ann", "another: one")
    assert not known.knows("ann", "")
    assert not known.knows("eve", "nobody's")


def test_the_file_holds_salted_argon2id(file: Path) -> None:
    assert file.read_text().startswith("ann:$argon2id$")
    assert users.line("ann", "a long password") != users.line("ann", "a long password")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "line 1: the password of 'ann' is no Argon2id hash"),
        ("ann", "line 1: the password of 'ann' is no Argon2id hash"),
        ("\n \n", "names no user"),
    ],
)
def test_any_other_file_is_refused_with_the_command_that_makes_one(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "users").write_text(text)
    with pytest.raises(SignInError, match=f"{told}.*house-prices gateway user NAME"):
        Users(tmp_path / "users").hashes()


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SignInError, match="cannot be read"):
        Users(tmp_path / "users").hashes()


@pytest.mark.parametrize("name", ["", "a:b", "a\nb"])
def test_a_name_that_would_break_the_file_is_refused(name: str) -> None:
    with pytest.raises(SignInError, match="except a colon"):
        users.line(name, "a long password")
