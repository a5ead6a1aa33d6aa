"""What sets a world apart from its defaults, in words for titles."""

import pytest

from driftrec.agents.world_setup import WorldArgs, make_env, resolved, world_title

TOP_K = "driftrec/Sardine-SlateTopK-Bored-v0"


@pytest.mark.parametrize(
    ("args", "more"),
    [
        (WorldArgs(), ""),
        (WorldArgs(slate_size=5, horizon=200, history=50), ""),
        (WorldArgs(slate_size=10), ", slate_size 10"),
        (WorldArgs(horizon=20, config='{"drift": {"towards": 0.1}}'), ", horizon 20, drift.towards 0.1"),
        (WorldArgs(world=TOP_K), ""),
        (WorldArgs(world=TOP_K, options='{"observation": "partial"}'), ", observation partial"),
        (WorldArgs(world="driftrec/RecSim-InterestExploration-v0", history=100), ", history 100"),
    ],
)
def test_only_what_differs_is_told(args, more):
    assert world_title(resolved(args, make_env(args))) == args.world + more
