"""Commands whose output nobody reads any more, or that have none."""

import subprocess
import sys

import pytest

UNREAD = """
import importlib, sys
from driftrec.scripts import cli

importlib.import_module("driftrec.scripts.plot").main = lambda args: [print("a line", flush={flush}) for _ in range(9)]
sys.argv = ["driftrec", *{words}]
sys.stdin.read()  # until the reader of our output is gone
cli.{call}
"""


@pytest.mark.parametrize(
    ("call", "words", "flush"),
    [
        ("main()", ["plot", "somewhere"], True),
        ("main()", ["plot", "somewhere"], False),
        ("main()", ["plot", "--help"], False),
        ("main()", ["--help"], False),
        ("run('plot')", ["somewhere"], True),  # as a file or a module
        ("run('plot')", ["somewhere"], False),
    ],
)
def test_output_that_nobody_reads_any_more_ends_the_command_quietly(call, words, flush, tmp_path):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-c", UNREAD.format(call=call, words=words, flush=flush)]
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_comparison_that_nobody_reads_any_more_can_be_gone_on_with(tmp_path):
    names = (f"{label}=random" for label in "abcdefghijkl")
    words = ("--world", "driftrec/RecSim-InterestEvolution-v0", "--horizon", "20", "--users", "50", "--seed", "1")
    command = [sys.executable, "-m", "driftrec.scripts.compare", *words, "--policies", *names]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"Serving 50 users with a\n"  # as head -1
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
    assert {path.name for path in tmp_path.glob("runs/*/*")} == {"config.json", "progress"}


def test_a_closed_output_is_no_error(tmp_path):
    """Daemons may start with it closed; ``sys.stdout`` is None then."""
    command = f"{sys.executable} -m driftrec.scripts.cli --version >&-"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
