"""The console command: its verbs, its help in every form, and one line for every mistake."""

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from driftrec import __version__
from driftrec.agents.benchmarks.suite import PEER_SECTIONS, SECTIONS
from driftrec.scripts import cli
from driftrec.scripts.cli import VERBS
from driftrec.scripts.quick_help import LARGE_LIBRARIES, asks_for_help

SCRIPTS = Path(__file__).parents[2] / "scripts"
HELPERS = ("cli", "allocator", "arguments", "keys", "toml_file", "quick_help", "take_flag", "threads", "tune_training")
"""What verbs have in common."""


def module(verb):
    """Name of the script's module."""
    return verb.replace("-", "_")


FORMS = {
    "file": lambda verb: runpy.run_path(str(SCRIPTS / f"{module(verb)}.py"), run_name="__main__"),
    "module": lambda verb: runpy.run_module(f"driftrec.scripts.{module(verb)}", run_name="__main__", alter_sys=True),
}


def test_every_verb_is_a_script_and_every_script_a_verb():
    scripts = {path.stem.replace("_", "-") for path in SCRIPTS.glob("*.py") if path.stem != "__init__"}
    assert scripts - {helper.replace("_", "-") for helper in HELPERS} == set(VERBS)


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


COMPLETED = """
source completion
COMP_WORDS=(driftrec {words} {begun}); COMP_CWORD={place}
_tyro_driftrec
echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("", "tr", ["train", "train-baseline"]),
        ("compare", "--po", ["--policies"]),
        ("train", "--settings.ppo.total", ["--settings.ppo.total-steps"]),
        ("plot", "--thr", ["--threads"]),
        ("plot --format", "s", ["svg"]),
    ],
)
def test_a_shell_completes_verbs_flags_and_values(words, begun, offered, completion):
    script = COMPLETED.format(words=words, begun=begun, place=len(words.split()) + 1)
    done = subprocess.run(["bash", "-c", script], cwd=completion, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == offered, done.stderr


@pytest.fixture(scope="module")
def completion(tmp_path_factory):
    """A folder with what ``driftrec completion`` prints."""
    folder = tmp_path_factory.mktemp("shell")
    with (folder / "completion").open("w") as out:
        subprocess.run(
            [sys.executable, "-m", "driftrec.scripts.cli", "completion"], stdout=out, check=True, timeout=120
        )
    return folder


def test_zsh_is_served(driftrec):
    assert driftrec("completion", "zsh").out.startswith("#compdef driftrec\n")


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


def test_the_version_is_told(driftrec):
    done = driftrec("--version")
    assert (done.status, done.out) == (0, f"driftrec {__version__}\n")


def test_the_command_is_installed(tmp_path):
    command = Path(sys.executable).with_name("driftrec")
    done = subprocess.run([command, "trian"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("driftrec: verb 'trian' is unknown. Did you mean 'train'?")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Did you mean 'train'"),
        (["compare", "--world", "driftrec/New-v0"], "Did you mean 'driftrec/News-v0'"),
        (["compare", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["gap", "--users", "0"], "--users is 0; intervals need at least 2"),
        (["demo", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["compare", "--baseline", "planer"], "Did you mean 'planner'"),
        (["encode", "--prompt", "News: {text}"], "Give --out folder too"),
        (["compare", "--policies"], "No policies to compare; name some, such as random"),
        (["compare", "--policies", "=random"], "has an empty label"),
        (["compare", "--config", "{"], "--config is not JSON"),
        (["compare", "--config", "[]"], "--config is []; give a JSON object such as {}"),
        (["compare", "--config", '{"drift": {"toward": 1}}'], "Did you mean 'towards'"),
        (["train", "--config", '{"drift": {"walk": -1}}'], "InterestDrift.walk is -1.0; it must be between"),
        (["train", "--horizon", "0"], "horizon is 0; it must be at least 1"),
        (["train", "--threads", "0"], "--threads is '0'; give a whole number of at least 1"),
        (["compare", "--threads=many"], "--threads is 'many'; give a whole number of at least 1"),
        (["compare", "--threads"], "--threads is the last word; say behind it what it is"),
        (["train", "--history", "0"], "history is 0; it must be at least 1"),
        (["train", "--slate-size", "1001"], "slate_size is 1001; it must be at least 1 and at most the 1000 items"),
        (["train", "--seed", "-1"], "--seed is -1; it must not be negative"),
        (["train", "--seed", "4294967296"], "--seed is 4294967296; it must not be negative and must be below"),
        (["train", "--catalogue", "nowhere"], "nowhere is not a catalogue folder: it has no catalogue.json"),
        (["tune", "contnt"], "Policy 'contnt' has no parameters to tune. Did you mean 'content'?"),
        (["tune", "train", "--trials", "0"], "--trials is 0; it must be at least 1"),
        (["tune", "train:nowhere"], "nowhere is no run to start from: it has no config.json"),
        (["tune", "random"], "Policy 'random' has no parameters to tune. Known: content, "),
        (["tune", "content", "--trials", "0"], "--trials is 0; it must be at least 1"),
        (["tune", "content", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["tune", "content", "--check-users", "1"], "--check-users is 1; intervals need at least 2"),
        (["verify", "--worlds", "RecSim-InterestEvolutio"], "Did you mean 'RecSim-InterestEvolution'"),
        (["verify", "--worlds"], "No worlds to verify; name some, such as RecSim-InterestEvolution"),
        (["verify", "--episodes", "1"], "--episodes is 1; it must be at least 2"),
        (["verify", "--original-episodes", "1"], "--original-episodes is 1; it must be at least 2"),
        (["verify", "--users", "0"], "--users is 0; it must be at least 1"),
        (["verify", "--seed", "-1"], "--seed is -1; it must not be negative"),
        (["bench", "--peers", "--sections", "memory"], "each says which benchmarks run. Leave one of them out."),
        (["bench", "--sections", "sices"], "Did you mean 'sizes'"),
        (["verify", "--original", "--worlds", "RecSim-InterestEvolution"], "--worlds names none of them"),
        (["plot", "nowhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["plot", "nowhere", "--add", "elsewhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["report", "nowhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["report"], "No run folder is named; give that of a comparison, such as runs/0001-compare"),
        (["encode", "--catalogue", "nowhere.csv", "--out", "new"], "There is no items file"),
        (["encode", "--model", "."], "is not a model folder: it has no config.json"),
        (["encode", "--model", "./nowhere"], "There is no model folder"),
        (["encode", "--catalogue", "items.csv"], "--out folder"),
    ],
)
def test_mistakes_end_in_one_line_before_any_work(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2
    assert message in done.err
    assert done.err.startswith("driftrec")
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--settings.ppo.total-step", "5"], "--settings.ppo.total-steps"),
        (["train", "--settings.representation", "txt"], "text"),
        (["train", "--settings.encoder", "recurent"], "recurrent"),
        (["compare", "--users", "many"], "--users"),
        (["plot"], "run"),
        (["plot", "somewhere", "--format", "jpeg"], "svg"),
    ],
)
def test_arguments_that_do_not_parse_are_explained(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2
    assert message in done.err.lower()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("said", "line"), [("", "interrupted.\n"), ("all is kept", "interrupted: all is kept.\n")])
def test_an_interrupt_ends_in_one_line(said, line, driftrec, monkeypatch):
    def press(args):
        raise KeyboardInterrupt(said) if said else KeyboardInterrupt

    monkeypatch.setattr("driftrec.scripts.plot.main", press)
    done = driftrec("plot", "somewhere")
    assert (done.status, done.err) == (130, f"driftrec plot: {line}")


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


def test_an_error_of_our_own_keeps_its_traceback(driftrec, monkeypatch):
    def fail(args):
        raise AttributeError("a bug")

    monkeypatch.setattr("driftrec.scripts.plot.main", fail)
    with pytest.raises(AttributeError, match="a bug"):
        driftrec("plot", "somewhere")


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


@pytest.mark.parametrize(
    "call",
    [
        lambda: cli.main(),
        lambda: cli.run("plot", ["some where", "--curves", "a"]),
    ],
)
def test_the_command_is_kept_as_it_was_typed(call, monkeypatch):
    """``write_config`` stores it."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/driftrec", "plot", "some where", "--curves", "a"])
    monkeypatch.setattr("driftrec.scripts.plot.main", lambda args: None)
    call()
    assert sys.argv == ["driftrec", "plot", "some where", "--curves", "a"]


def test_a_script_run_as_a_file_keeps_the_same_command(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/scripts/plot.py", "some where", "--curves", "a"])
    monkeypatch.setattr("driftrec.scripts.plot.main", lambda args: None)
    cli.run("plot")
    assert sys.argv == ["driftrec", "plot", "some where", "--curves", "a"]
