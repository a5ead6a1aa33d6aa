"""The contract of every registered policy, and of those on a fitted ranker that are made from a run folder."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import driftrec.agents.policy
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Policy, failed
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import FadingLoads
from driftrec.agents.ranker.mmr import MMR
from driftrec.agents.ranker.pace import PageWeights
from driftrec.agents.registry import POLICIES as REGISTERED
from driftrec.agents.rivals.opening_values import OpeningValues, Reader, ValuedSlates
from driftrec.agents.rivals.topic_pages import MyopicJoint, TopicPages

TOPICS = 4
PACE = PageWeights(future=1.0, diversity=0.2, price=0.5, bar=1.0, half_life=6.0)


def on_topics(context, make):
    """What ``make`` makes of a judge and the loads of a catalogue whose items have topics by turns."""
    topics = np.arange(context.num_items) % TOPICS
    context = replace(context, topics=topics)
    judge = Judge(TextRanker(context, "text", 0), TextItems(context), farsighted=True)
    return make(judge, FadingLoads(topics, 6.0, reads=True))


def valued(judge, loads, slate_size):
    """Slates by values that are drawn."""
    reader = Reader(judge, loads)
    values = OpeningValues(reader.width)
    values.slope.copy_(torch.randn(reader.width, generator=torch.Generator().manual_seed(0)))
    values.weight.fill_(0.1)
    return ValuedSlates(reader, values, slate_size)


POLICIES = {
    **REGISTERED,
    "myopic-joint": lambda context: on_topics(
        context, lambda judge, loads: MyopicJoint(judge, loads, context.slate_size)
    ),
    "paced": lambda context: on_topics(
        context, lambda judge, loads: TopicPages(judge, loads, context.slate_size, PACE)
    ),
    "q1": lambda context: on_topics(context, lambda judge, loads: valued(judge, loads, context.slate_size)),
    "mmr": lambda context: MMR(Judge(TextRanker(context, "text", 0), TextItems(context), farsighted=False), context),
}

LEARN_FROM_ALL = {"popular"}  # one user's clicks change what others see: slates depend on the batch
RANDOM = {"random", "popular", "epsilon-content"}
SKIP_THE_READ = {"popular", "content", "linucb", "mmr", "myopic-joint", "paced", "q1"}

every_policy = pytest.mark.parametrize("name", POLICIES)


@every_policy
def test_has_the_methods(name, make_context):
    assert isinstance(POLICIES[name](make_context()), Policy)


@every_policy
def test_slates_are_distinct_items_of_the_catalogue(name, make_context, play):
    context = make_context()
    _, slates = play(POLICIES[name](context), num_users=50, steps=5)
    assert slates.shape == (5, 50, 5)
    assert slates.dtype == np.int64
    assert slates.min() >= 0
    assert slates.max() < context.num_items
    assert (np.diff(np.sort(slates, axis=2), axis=2) > 0).all()


@every_policy
def test_same_seed_same_slates(name, make_context, play):
    _, first = play(POLICIES[name](make_context()), seed=11)
    _, second = play(POLICIES[name](make_context()), seed=11)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", sorted(RANDOM))
def test_other_seed_other_slates(name, make_context, play):
    policy = POLICIES[name](make_context())
    assert (play(policy, seed=11)[1] != play(policy, seed=12)[1]).any()


@every_policy
def test_reset_forgets(name, make_context, play):
    used = POLICIES[name](make_context())
    play(used, num_users=30, seed=1)
    np.testing.assert_array_equal(play(used, seed=2)[1], play(POLICIES[name](make_context()), seed=2)[1])


@pytest.mark.parametrize("name", sorted(set(POLICIES) - LEARN_FROM_ALL))
def test_slates_do_not_depend_on_who_else_is_there(name, make_context, play):
    policy = POLICIES[name](make_context())
    _, many = play(policy, num_users=50)
    _, few = play(policy, num_users=9)
    np.testing.assert_array_equal(many[:, :9], few)


@pytest.mark.parametrize("name", sorted(LEARN_FROM_ALL))
def test_shared_learning_depends_on_who_else_is_there(name, make_context, play):
    policy = POLICIES[name](make_context())
    assert (play(policy, num_users=50)[1][:, :9] != play(policy, num_users=9)[1]).any()


@every_policy
def test_observation_is_left_as_it_was(name, make_context, audience):
    people = audience(20)
    people.step(np.tile(np.arange(5), (20, 1)))
    policy = POLICIES[name](make_context())
    policy.reset(20, 0)
    writable = {key: values.copy() for key, values in people.observe().items()}
    policy.act(writable)
    for key, values in people.observe().items():
        np.testing.assert_array_equal(writable[key], values, err_msg=key)


@every_policy
def test_slates_do_not_share_memory(name, make_context, audience):
    observation = audience(4).observe()
    policy = POLICIES[name](make_context())
    policy.reset(4, 0)
    assert not np.shares_memory(policy.act(observation), policy.act(observation))


@every_policy
def test_one_user(name, make_context, play):
    _, slates = play(POLICIES[name](make_context()), num_users=1)
    assert slates.shape == (5, 1, 5)


@every_policy
def test_slate_of_the_whole_catalogue(name, make_context, play):
    _, slates = play(POLICIES[name](make_context(slate_size=7, num_items=7)), num_users=6)
    np.testing.assert_array_equal(np.sort(slates, axis=2), np.broadcast_to(np.arange(7), (5, 6, 7)))


@pytest.mark.parametrize("name", sorted(SKIP_THE_READ))
def test_clicked_items_are_not_shown_again(name, make_context, play):
    observations, slates = play(POLICIES[name](make_context()), num_users=50, steps=12)
    clicks = 0
    for observation, slate in zip(observations, slates, strict=True):
        read = np.where(observation["clicked"] > 0, observation["shown"], -1)
        assert not (slate[:, :, None] == read[:, None, :]).any()
        clicks += (read >= 0).sum()
    assert clicks > 500  # else there was little to avoid


def test_a_users_file_in_driftrecs_own_folder_is_the_users():
    """README's example is saved where the command is given, which may be the clone."""
    file = Path(driftrec.agents.policy.__file__).parents[1] / "mypolicy.py"
    names = {"__name__": "mypolicy"}
    exec(compile("def act():\n    import json\n    json.loads('{')\n", str(file), "exec"), names)
    with pytest.raises(json.JSONDecodeError) as caught:
        names["act"]()
    told = str(failed("own", "act", caught.value))
    assert told.startswith(f"Policy 'own' failed in act(), {file}, line 3: JSONDecodeError: ")


def test_a_failure_is_told_in_one_line():
    assert str(failed("own", "see", OSError("two\n  lines"))) == "Policy 'own' failed in see(): OSError: two lines"
