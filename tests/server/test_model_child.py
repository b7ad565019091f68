"""The process that tries a model, as a server sees it."""

import os
import subprocess
import sys

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


def test_one_is_there_for_the_program_that_its_process_becomes() -> None:
    after = """
import sys
from inference_server.models.child import Process
print(Process.taken_over(sys.argv[1]).ask(b'["/nowhere", "huts", "1"]', 30))
"""
    before = f"""
import os, sys
from inference_server.models import child
os.execv(sys.executable, [sys.executable, "-c", {after!r}, child.start().handed_over()])
"""
    done = subprocess.run([sys.executable, "-c", before], capture_output=True, text=True, check=True)
    assert done.stdout == repr((0, b'{"sha256": ""}\n')) + "\n"
