"""PPO over a candidate stage: values first where they are asked for, and the best policy by validation."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Measuring, check_measurements
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.simulators.noise import user_seeds
from tests.agents.every_world import REQUEST, TEXTS, begin

TOY = PPOSettings(total_steps=128, lanes=16, rollout=4, batch_size=64, epochs=1, candidates=20)


@pytest.mark.parametrize("returns", [(9.0, 5.0, 7.0), (5.0, 9.0, 7.0), (5.0, 7.0, 9.0), (5.0, 9.0, 9.0)])
def test_the_best_of_the_measurements_is_put_back(monkeypatch, returns):
    """Before the first step, in between and after the last; of equals the first.

    Four rollouts: stable-baselines3's last update of a schedule that falls to 0 has step size 0 and changes nothing.
    """
    setup, judge, _ = begin(TEXTS)
    settings, stage = replace(TOY, total_steps=256), CandidateStage(judge, 20, 5)
    model = build_ppo(setup.envs(16), stage, settings, 0)
    measured, progress = [], []

    def measure(world, policy, users, horizon):
        assert (len(users), horizon, policy.greedy) == (4, 20, True)
        measured.append({name: value.clone() for name, value in policy.network.state_dict().items()})
        return returns[len(measured) - 1]

    monkeypatch.setattr("driftrec.agents.evaluation.curves.mean_engagement", measure)
    curve = Curve(setup.world, user_seeds(0, "validation", 4), 20)
    curve.env_steps = 1000  # of the warm start
    served = SlatePolicy(stage, model.policy, greedy=True)
    keeper = KeepBest(curve, "ppo", served, model.policy)
    validation = Measuring(keeper, 128, lambda *told: progress.append(told))
    model.learn(settings.total_steps, callback=validation)
    keeper.restore()
    best = int(np.argmax(returns))
    assert curve.table().env_steps.tolist() == [1000, 1128, 1256]
    assert curve.table().mean_episode_engagement.tolist() == list(returns)
    assert keeper.best_at == 128 * best
    last = [(0, 0), (64, 0), (128, 1), (192, 1), (256, 2)]
    assert progress == [(steps, returns[index]) for steps, index in last]
    same = [
        all(torch.equal(weights[name], value) for name, value in model.policy.state_dict().items())
        for weights in measured
    ]
    assert same == [index == best for index in range(3)]


@pytest.mark.parametrize(("rollouts", "wanted"), [(1, 2), (2, 3), (3, 4), (5, 4), (5, 6), (7, 5)])
def test_as_many_measurements_are_made_as_were_asked_for(rollouts, wanted):
    check_measurements(wanted, 100 * rollouts - 30, 100)
    keeper = KeepBest(Counted(), "ppo", None, torch.nn.Linear(1, 1))
    for steps in range(0, 100 * rollouts, 100):
        keeper.measure_every((100 * rollouts - 30) / (wanted - 1), steps)
    keeper.measure_last(100 * rollouts)
    assert len(keeper.measured) == wanted


class Counted:
    """A curve whose measurements rise."""

    env_steps = 0

    def measure(self, stage, policy):
        return float(self.env_steps)


def test_what_diverged_is_named():
    keeper = KeepBest(Counted(), "sb3-sac", None, network := torch.nn.Linear(1, 1))
    keeper.measure(0)
    network.weight.data[:] = float("nan")
    with pytest.raises(ValueError, match=r"sb3-sac diverged: its weights are not finite after 640 steps\. Lower"):
        keeper.measure(640)


@pytest.mark.parametrize("args", [TEXTS, REQUEST], ids=["texts", "features"])
def test_values_are_learned_with_the_actor_as_it_is(args):
    setup, judge, _ = begin(args)
    curve = Curve(setup.world, np.arange(4, dtype=np.uint64), 10)
    how, stage = replace(TOY, rollout=8, iterative=False), CandidateStage(judge, 20, setup.slate_size)
    learner = PPOLearner(setup.envs(16), stage, how, validations=2, seed=1, curve=curve, value_steps=200)
    network = learner.policy.network
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learner._learn_values()
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("value.") for name in moved)
    frozen = {name for name, value in network.named_parameters() if not value.requires_grad}
    assert frozen == {"head.effect.weight", "head.position"}  # which never learns where slates are not iterative
    assert curve.env_steps == 256
    assert network.optimizer.param_groups[0]["lr"] == how.learning_rate  # in the last of these steps too
    assert learner._model.lr_schedule(0.5) == how.learning_rate / 2  # what comes after shrinks again
