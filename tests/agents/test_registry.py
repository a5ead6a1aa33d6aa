"""Policies by name."""

import sys

import pytest

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB, Popular, Random
from driftrec.agents.policy import PolicyError
from driftrec.agents.registry import POLICIES, build_policy

OWN = """
class Mine:
    def __init__(self, context):
        self.context = context

    def reset(self, num_users, seed): ...

    def act(self, observation): ...

class NoAct:
    def __init__(self, context): ...

    def reset(self, num_users, seed): ...

class Nothing:
    def __init__(self, context): ...

class Fails:
    def __init__(self, context):
        raise KeyError("weights")

class NoContext:
    def reset(self, num_users, seed): ...

    def act(self, observation): ...

class Two:
    def __init__(self, context, run): ...

number = 5
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A module of the user's own in the current directory, forgotten after the test."""
    (tmp_path / "own_policies.py").write_text(OWN)
    (tmp_path / "broken_policies.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "half_written.py").write_text("class Mine(\n")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield "own_policies"
    sys.modules.pop("own_policies", None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("random", Random),
        ("popular", Popular),
        ("content", Content),
        ("epsilon-content", EpsilonContent),
        ("linucb", LinUCB),
        ("driftrec.agents.baselines:Popular", Popular),
    ],
)
def test_builds_by_name(name, kind, make_context):
    assert type(build_policy(name, make_context())) is kind


def test_tables_can_be_extended(make_context):
    context = make_context()
    policies = {**POLICIES, "planner": lambda given: ("planner", given)}
    loaders = {"ppo": lambda given, run: ("ppo", given, run)}
    assert build_policy("planner", context, policies, loaders) == ("planner", context)
    assert build_policy("ppo:runs/a:7", context, policies, loaders) == ("ppo", context, "runs/a:7")
    assert build_policy("ppo:run7", context, policies, loaders) == ("ppo", context, "run7")


def test_builds_the_users_own(own_module, make_context):
    context = make_context()
    assert build_policy("own_policies:Mine", context).context is context


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("popula", ValueError, "Unknown policy 'popula'. Did you mean 'popular'[?] Known: content, "),
        (
            "zzz",
            ValueError,
            "Unknown policy 'zzz'. Known: content, .*ppo, random. Or your own: package.module:Class",
        ),
        ("", ValueError, "Unknown policy ''"),
        ("pppo:runs/7", ValueError, "Unknown policy 'pppo:runs/7'. Did you mean 'ppo'[?]"),
        ("own_policies.Mine", ValueError, "Unknown policy 'own_policies.Mine'.*package.module:Class"),
        ("ppo", ValueError, "'ppo' needs an argument: write ppo:ARGUMENT"),
        ("ppo:", ValueError, "'ppo' needs an argument"),
        ("random:5", ValueError, "'random' takes no argument, but '5' was given; write random"),
        (
            "no_such:Mine",
            ImportError,
            "Cannot import policy 'no_such:Mine': there is no module 'no_such'. Known: content, ",
        ),
        ("ppoo:run1", ImportError, "there is no module 'ppoo'. Did you mean 'ppo'[?] Known: content, "),
        (":Mine", ValueError, "Unknown policy ':Mine'"),
        ("own_policies.deeper:Mine", ImportError, "'own_policies.deeper:Mine': ModuleNotFoundError"),
        ("broken_policies:Mine", ImportError, "'broken_policies:Mine': .*a_package_that_is_not_there"),
        ("half_written:Mine", ImportError, "'half_written:Mine': SyntaxError"),
        ("own_policies:Mime", ImportError, "module 'own_policies' has no 'Mime'"),
        ("own_policies:NoAct", TypeError, r"'own_policies:NoAct' lacks act\(\);"),
        ("own_policies:Nothing", TypeError, r"'own_policies:Nothing' lacks reset\(\) and act\(\);"),
        (
            "own_policies:Fails",
            PolicyError,
            r"in __init__\(\), .*own_policies\.py, line \d+: KeyError: 'weights'",
        ),
        (
            "own_policies:NoContext",
            TypeError,
            r"'own_policies:NoContext' is built as NoContext\(context\), which does not fit: too many.*__init__",
        ),
        ("own_policies:Two", TypeError, r"'own_policies:Two' is built as .*: missing a required argument: 'run'"),
        ("own_policies:number", TypeError, r"'own_policies:number' is built as .* is not a callable object"),
        ("random,popular", ValueError, "'random,popular'. Separate policies with spaces, not commas"),
        ("random,", ValueError, "'random,'. Separate policies with spaces"),
        ("random,ppo:run1", ImportError, "no module 'random,ppo'. Separate policies with spaces"),
    ],
)
def test_errors_say_what_is_wrong(name, error, message, own_module, make_context):
    with pytest.raises(error, match=message):
        build_policy(name, make_context(), loaders={"ppo": lambda context, run: Random(context)})


def test_import_errors_keep_their_cause(own_module, make_context):
    with pytest.raises(ImportError) as caught:
        build_policy("broken_policies:Mine", make_context())
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
