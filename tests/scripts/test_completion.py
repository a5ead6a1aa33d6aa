"""What a shell completes."""

import subprocess
import sys

import pytest

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
