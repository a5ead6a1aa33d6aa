"""Threads: as many as are asked for, and none that spins while it waits."""

import os
import subprocess
import sys

import pytest

from driftrec.scripts.cli import VERBS
from tests.scripts.test_cli import SCRIPTS, module

TAKES = """
import sys
from torch import get_num_threads
from threadpoolctl import threadpool_info

class Mine:
    def __init__(self, context):
        self.slate_size = context.slate_size
        print("threads", {get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())})

    def reset(self, num_users, seed):
        raise ValueError("enough")
"""


@pytest.mark.parametrize("form", [["-m", "driftrec.scripts.compare"], ["-m", "driftrec.scripts.cli", "compare"]])
def test_threads_are_those_asked_for(form, tmp_path):
    (tmp_path / "taking.py").write_text(TAKES)
    env = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    words = ["--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--policies", "taking:Mine", "--users", "2"]
    command = [sys.executable, *form, *words, "--threads", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert "threads {1}\n" in done.stdout, done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_every_script_says_how_threads_wait_before_it_imports_anything_else_of_ours(verb):
    lines = (SCRIPTS / f"{module(verb)}.py").read_text(encoding="utf-8").splitlines()
    ours = [line for line in lines if line.startswith(("import driftrec", "from driftrec"))]
    assert ours[0].startswith("import driftrec.scripts ")


WATCH = """
import os, runpy, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            sys.exit(os.environ.get("OMP_WAIT_POLICY", "not said"))

sys.meta_path.insert(0, Watch())
sys.argv = ["train"]
"""


@pytest.mark.parametrize(
    "form",
    [
        f"runpy.run_path({str(SCRIPTS / 'train.py')!r}, run_name='__main__')",
        "runpy.run_module('driftrec.scripts.train', run_name='__main__')",
        "from driftrec.scripts.cli import main; sys.argv.insert(0, 'driftrec'); main()",
    ],
    ids=["file", "module", "command"],
)
def test_threads_do_not_spin_while_they_wait(form, tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", WATCH + form]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=env)
    assert done.stderr == "passive\n"
