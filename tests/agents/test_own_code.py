"""Users' own modules: found from the current directory, imported when named, and checked."""

import sys

import pytest

from driftrec.agents.own_code import build_own
from driftrec.simulators.imports import import_own

OWN = "class Mine:\n    def __init__(self, context): self.context = context\n    reset = act = lambda *told: None\n"


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """The current directory, with a module that works and one that does not; both are forgotten after the test."""
    (tmp_path / "own_code_works.py").write_text(OWN)
    (tmp_path / "own_code_fails.py").write_text("raise RuntimeError('no luck')\n")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_code_works", None)


def test_a_module_is_found_from_the_current_directory_which_comes_first(own_folder):
    assert import_own("policy 'x'", "own_code_works").__file__ == str(own_folder / "own_code_works.py")
    assert sys.path[0] == str(own_folder)
    import_own("policy 'x'", "own_code_works")
    assert sys.path.count(str(own_folder)) == 1


@pytest.mark.parametrize(
    ("module", "cause"),
    [("own_code_fails", "RuntimeError: no luck"), ("own_code_nowhere", "there is no module 'own_code_nowhere'")],
)
def test_what_cannot_be_imported_says_for_what_and_why(module, cause, own_folder):
    with pytest.raises(ImportError, match=f"Cannot import world 'mine': {cause}"):
        import_own("world 'mine'", module)


def test_an_object_is_built_with_the_context(own_folder, make_context):
    context = make_context()
    built = build_own("own_code_works", "Mine", context)
    assert built.context is context
