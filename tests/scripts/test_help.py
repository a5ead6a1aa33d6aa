"""Help of every verb, in every form, without waiting for a large library."""

import importlib.util
import json
import os
import resource
import runpy
import subprocess
import sys

import pytest

from driftrec.agents.benchmarks.suite import PEER_SECTIONS, SECTIONS
from driftrec.scripts.cli import VERBS
from driftrec.scripts.quick_help import LARGE_LIBRARIES, asks_for_help
from tests.scripts.test_cli import HELPERS, SCRIPTS, module

FORMS = {
    "file": lambda verb: runpy.run_path(str(SCRIPTS / f"{module(verb)}.py"), run_name="__main__"),
    "module": lambda verb: runpy.run_module(f"driftrec.scripts.{module(verb)}", run_name="__main__", alter_sys=True),
}


def test_a_script_runs_as_a_file_from_any_folder(shell, tmp_path):
    done = shell([sys.executable, str(SCRIPTS / "plot.py"), "--help"], tmp_path)
    assert done.status == 0, done.err
    assert "usage: driftrec plot" in done.out


@pytest.mark.parametrize("name", [*VERBS, *HELPERS])
def test_no_script_hides_a_library_when_it_runs_as_a_file(name):
    """Python puts the folder of a file that it runs first on its path."""
    found = importlib.util.find_spec(module(name))
    assert found is None or found.loader is None  # results/ is a folder without code


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")  # other tests may have imported it
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_script_helps_as_file_and_as_module(verb, form, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [verb, "--help"])
    with pytest.raises(SystemExit) as stop:
        FORMS[form](verb)
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert f"usage: driftrec {verb}" in printed
    assert "default:" in printed


RESTS_ON = ["-c", "import gymnasium, numpy, tyro"]
"""What help cannot do without, and in whose time its own is told: a machine that is slower is so for both."""


def seconds(words, folder):
    """Processor time of a process, in seconds."""
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], env=told, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(("words", "most"), [(["--help"], 1.0), (["score", "--help"], 4.5), (["demo", "--help"], 4.5)])
def test_help_takes_little_more_than_what_it_rests_on(words, most, tmp_path):
    """Those of the verbs that import most; 0.2, 3.0 and 3.0 times when measured.

    The quickest of four each, in turns: the first may have to compile the project's files. Where help takes 0.63 s, 4.5
    times are 0.95 s. With pandas loaded, which ``LARGE_LIBRARIES`` then lacked, it took 22 times and failed.
    """
    help_, rests_on = [], []
    for _ in range(4):
        help_.append(seconds(["-m", "driftrec.scripts.cli", *words], tmp_path))
        rests_on.append(seconds(RESTS_ON, tmp_path))
    assert min(help_) < most * min(rests_on)


QUICK = """
import io, json, sys
from contextlib import redirect_stdout, suppress
from driftrec.scripts import cli

told = {}
for verb in cli.VERBS:
    sys.argv = ["driftrec", verb, "--help"]
    with redirect_stdout(io.StringIO()) as out, suppress(SystemExit):
        cli.main()
    told[verb] = out.getvalue()
print(json.dumps([told, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def quick():
    """Help of every verb, from a process that has loaded nothing yet, and the libraries that it has loaded then."""
    env = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True, timeout=200, env=env)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def test_help_waits_for_no_large_library(quick):
    assert not set(LARGE_LIBRARIES) & set(quick[1])


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_in_the_same_words_with_all_libraries_loaded(verb, driftrec, quick):
    done = driftrec(verb, "--help")
    assert done.status == 0
    assert f"usage: driftrec {verb}" in done.out
    assert done.out == quick[0][verb]


def test_the_list_of_verbs_loads_not_even_numpy():
    told = "import sys; sys.argv = ['driftrec', '--help']\ntry: cli.main()\nfinally: print(*sys.modules)"
    command = [sys.executable, "-c", f"from driftrec.scripts import cli\n{told}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "results" in done.stdout
    assert not {"numpy", "tyro", *LARGE_LIBRARIES} & set(done.stdout.splitlines()[-1].split())


def test_after_help_nothing_meets_a_stand_in():
    told = "with stood_in(): import torch, driftrec.agents.ppo.slate_head"
    then = (
        "import torch, driftrec.agents.ppo.slate_head as head; print(torch.ones(2).sum().item(), head.torch is torch)"
    )
    command = [sys.executable, "-c", f"from driftrec.scripts.quick_help import stood_in\n{told}\n{then}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "2.0 True\n", done.stderr


@pytest.mark.parametrize(
    ("words", "quick"),
    [
        (["--help"], True),
        (["slateq", "-h"], True),
        (["--world", "driftrec/Shop-v0", "--help"], True),
        (["--world", "mine:My-v0", "--help"], False),
        (["--from", "my.toml", "--help"], False),
        (["--users", "3"], False),
    ],
)
def test_users_own_code_is_imported_as_it_is(words, quick):
    assert asks_for_help(words) is quick


def test_bench_helps_with_the_names_of_all_benchmarks(driftrec):
    told = " ".join(driftrec("bench", "--help").out.replace("│", " ").split())
    assert f"any of {', '.join((*SECTIONS, *PEER_SECTIONS[:-1]))} and {PEER_SECTIONS[-1]}; the first nine when" in told
    assert "Not together with --peers." in told
    assert (
        f"Run {', '.join(PEER_SECTIONS[:-1])} and {PEER_SECTIONS[-1]} and nothing else, with fewer repeats: the" in told
    )


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_without_a_verb_all_are_listed(words, driftrec):
    done = driftrec(*words)
    assert done.status == 0
    for verb, what in VERBS.items():
        assert f"{verb} " in done.out
        assert what in done.out
