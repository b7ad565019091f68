"""The process that tries a model, as a server sees it."""

import os

import pytest

from inference_server.models import child
from inference_server.models.child import Process


def test_one_that_does_not_answer_in_time_is_ended() -> None:
    (its_input, questions), (answers, its_output) = os.pipe(), os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, its_input, 0), (os.POSIX_SPAWN_DUP2, its_output, 1)]
    pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ, file_actions=actions)
    os.close(its_input)
    os.close(its_output)
    with pytest.raises(TimeoutError):
        Process(pid, questions, answers).ask(b"anything", 0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_without_a_model_says_so() -> None:
    assert child.start().ask(b'["/nowhere", "huts", "1"]', 30) == (0, b'{"sha256": ""}\n')
