"""PPO that starts from prices of pages: it begins as the paced index, and is loaded as it was measured."""

from dataclasses import replace

import numpy as np
import pandas as pd

from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.pace import Pace, PageWeights
from driftrec.agents.rivals.rival_settings import PriceSettings
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.runs.load import judge_of, load_pages, load_ppo, open_run
from driftrec.agents.runs.train import train
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.noise import user_seeds
from tests.agents.every_world import made
from tests.agents.runs.toy_runs import TOY, WORLDS, served, settings

PRICES = PriceSettings(users=4, rounds=1, samples=4)


def first(setup, policy, users=64, steps=6):
    """Slates of an audience that random ones have been shown to."""
    state = setup.world.reset(user_seeds(3, "paced", users))
    rng, shown = np.random.default_rng(0), []
    policy.reset(users, seed=0)
    for _ in range(steps):
        shown.append(policy.act(setup.world.observe(state)))
        world = setup.world
        setup.world.step(
            state, rng.permuted(np.tile(np.arange(world.num_items), (users, 1)), axis=1)[:, : world.slate_size]
        )
    return np.stack(shown)


def test_ppo_begins_as_the_paced_index(runs):
    """Both expect openings above in nearly the same way: the index also knows that lower positions are seen less."""
    setup, run, _ = runs["ideal"]
    judge = judge_of(setup, open_run(setup, str(run), "ppo"), farsighted=True)
    loads = kit_of(setup).loads(setup, judge)
    unit = float(judge.view(setup.world.observe(setup.world.reset(user_seeds(0, "paced", 8)))).engagement.mean())
    weights = PageWeights(future=0.0, diversity=0.2 * unit, price=unit, bar=0.5)
    stage = CandidateStage(judge, 40, setup.slate_size, Pace(loads, weights))
    ppo = SlatePolicy(stage, serving_network(stage, setup.slate_size, temper=3.0), greedy=True)
    plain = CandidateStage(judge, 40, setup.slate_size)
    unpriced = SlatePolicy(plain, serving_network(plain, setup.slate_size, temper=3.0), greedy=True)
    index = first(setup, TopicPages(judge, loads, setup.slate_size, weights))
    assert (first(setup, ppo) == index).mean() > 0.9
    assert (first(setup, unpriced) == index).mean() < 0.7


def test_a_paced_run_is_loaded_as_it_was_measured(runs, tmp_path):
    setup, _, _ = runs["ideal"]
    lines = []
    train(setup, replace(settings("ideal"), pace=True, prices=PRICES), seed=5, folder=tmp_path, report=lines.append)
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert "paced" in curve.stage.tolist()
    assert any(line.startswith("Prices of pages, ") for line in lines)
    # By users who did not choose the prices.
    engagement = served(setup, load_ppo(setup, str(tmp_path), greedy=True), "validation after prices")
    assert engagement == curve[curve.stage == "ppo"].mean_episode_engagement.max()


def test_slates_that_are_not_iterative_are_so_in_search_pages_and_ppo(tmp_path, monkeypatch):
    """Prices of pages are of loads from before them: whoever forgot to say so would price what is opened above."""
    setup, joint = made(WORLDS["ideal"]), []
    makes = TopicPages.__init__
    monkeypatch.setattr(TopicPages, "__init__", lambda self, *told: joint.append(told[4:]) or makes(self, *told))
    how = settings("ideal", ppo={**TOY["ppo"], "iterative": False})
    train(setup, replace(how, pace=True, prices=PRICES), seed=5, folder=tmp_path)
    assert set(joint) == {(False,)}
    pages = load_pages(setup, str(tmp_path))
    assert not pages._filling.joint
    ppo = load_ppo(setup, str(tmp_path), greedy=True)
    assert not ppo.network.head.iterative
