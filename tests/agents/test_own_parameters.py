"""Parameters in the name of a user's own policy come out in the types of its constructor."""

from pathlib import Path
from typing import Literal, Optional

import pytest

from driftrec.agents.own_parameters import parsed, typed
from driftrec.agents.registry import build_policy


class Mine:
    def __init__(
        self,
        context,
        weights: Path = Path("none"),
        temper: float = 1.0,
        *,
        layers: int = 2,
        greedy: bool = False,
        label: "str | None" = None,
        seed: Optional[int] = None,  # noqa: UP045 (as people write it)
        rule: Literal["top", 3] = "top",
        size=4,
        word=None,
        shape: tuple = (),
    ):
        self.given = {name: value for name, value in locals().items() if name not in ("self", "context")}
        self.reset = self.act = lambda *told: None


def loose(context, **others):
    return others


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("weights=runs/a=b+c.pt", {"weights": Path("runs/a=b+c.pt")}),
        ("temper=2&layers=3", {"temper": 2.0, "layers": 3}),
        ("temper=1e-3&greedy=True", {"temper": 0.001, "greedy": True}),
        ("greedy=false&label=a%26b%25", {"greedy": False, "label": "a&b%"}),
        ("label=none", {"label": None}),  # though it is a str as well
        ("seed=none", {"seed": None}),
        ("seed=-7", {"seed": -7}),
        ("rule=3", {"rule": 3}),
        ("size=5&word=5", {"size": 5, "word": "5"}),
        ("label=", {"label": ""}),
    ],
)
def test_values_are_of_the_type_that_the_constructor_says(query, expected):
    found = typed("m:Mine", Mine, parsed("m:Mine", query))
    assert found == expected
    assert list(map(type, found.values())) == list(map(type, expected.values()))


def test_names_that_others_take_are_texts():
    assert typed("m:loose", loose, {"a": "1"}) == {"a": "1"}


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("", ValueError, "has the parameter ''; write name=value, with & between several"),
        ("temper", ValueError, "has the parameter 'temper'; write name=value"),
        ("=2", ValueError, "has the parameter '=2'; write name=value"),
        ("temper=1&temper=2", ValueError, "gives the parameter 'temper' twice; give it once"),
        ("tempr=1", ValueError, "'m:Mine' has no parameter 'tempr'. Did you mean 'temper'[?] Known: greedy, label"),
        ("context=1", ValueError, "has no parameter 'context'"),
        ("temper=hot", ValueError, "'m:Mine': temper is 'hot'; it must be float"),
        ("temper=nan", ValueError, "temper is 'nan'; it must be float"),
        ("layers=2.5", ValueError, "layers is '2.5'; it must be int"),
        ("greedy=1", ValueError, "greedy is '1'; it must be bool"),
        ("seed=x", ValueError, r"seed is 'x'; it must be Optional\[int\]|int \| None"),
        ("rule=best", ValueError, r"rule is 'best'; it must be Literal\['top', 3\]"),
        ("shape=1", TypeError, "shape is of type tuple, which a name cannot give; let the class take a number"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_remedy(query, error, message):
    with pytest.raises(error, match=message):
        typed("m:Mine", Mine, parsed("m:Mine", query))


OWN = """
class Mine:
    def __init__(self, context, weights: str, temper: float = 1.0):
        self.weights, self.temper = weights, temper
    reset = act = lambda *told: None

def bare(context):
    return Mine(context, "")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_with_parameters.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return "own_with_parameters"


def test_a_policy_is_built_with_them_by_name(own, make_context):
    policy = build_policy(f"{own}:Mine?weights=a:b.pt&temper=2", make_context())
    assert (policy.weights, policy.temper) == ("a:b.pt", 2.0)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("Mine", TypeError, "missing a required argument: 'weights'. .* own_with_parameters:Mine[?]name=value"),
        ("Mine?", TypeError, "missing a required argument: 'weights'"),
        ("Mine?weight=a", ValueError, "has no parameter 'weight'. Did you mean 'weights'"),
        ("bare?weights=a", ValueError, "has no parameter 'weights'. It takes none beside the context"),
        ("OWN?weights=a", ImportError, "has no 'OWN'"),
        ("1?weights=a", ValueError, "Unknown policy"),
    ],
)
def test_names_that_do_not_fit_are_refused(name, error, message, own, make_context):
    with pytest.raises(error, match=message):
        build_policy(f"{own}:{name}", make_context())
