"""PPO over a candidate stage, and the best policy by validation."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Measuring, Progress
from driftrec.agents.ppo.actor_critic import SlateActorCritic
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.envs.vector import RecommendationVectorEnv


class PPOLearner:
    """Trains a slate policy on what a candidate stage gives.

    Args:
        envs: ``settings.lanes`` lanes, autoreset "SameStep".
        stage: Chooses the candidates.
        settings: How.
        validations: Measurements, from before the first step to after the last; the best is kept.
        seed: Source of users, weights and draws.
        curve: Measures.
        progress: Called after every rollout.
        value_steps: Environment steps, rounded up to whole rollouts, in which values alone are learned first.
        start: Weights of the policy's network to go on from; those that ``seed`` draws when omitted.

    Attributes:
        policy: Serves with the weights as they are.
        keeper: Knows the best weights.
    """

    def __init__(
        self,
        envs: RecommendationVectorEnv,
        stage: CandidateStage,
        settings: PPOSettings,
        *,
        validations: int,
        seed: int,
        curve: Curve,
        progress: Progress = lambda steps, engagement: None,
        value_steps: int = 0,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        self._model = build_ppo(envs, stage, settings, seed)
        self._settings, self._value_steps = settings, value_steps
        assert isinstance(self._model.policy, SlateActorCritic)
        if start is not None:
            self._model.policy.load_state_dict(dict(start))
        self.policy = SlatePolicy(stage, self._model.policy, greedy=True)
        rollout = settings.lanes * settings.rollout
        curve.env_steps += -(-value_steps // rollout) * rollout
        self.keeper = KeepBest(curve, "ppo", self.policy, self._model.policy)
        self._measuring = Measuring(self.keeper, settings.total_steps / (validations - 1), progress)

    def run(self) -> None:
        """Train; the best weights are put back, also where training is cut short by an error or an interrupt."""
        try:
            self._learn_values()
            self._model.learn(self._settings.total_steps, callback=self._measuring)
        finally:
            self.keeper.restore()

    def _learn_values(self) -> None:
        """Train the critic with the actor as it is, in steps that do not shrink."""
        if not self._value_steps:
            return
        actor = [weights for weights in self.policy.network.head.parameters() if weights.requires_grad]
        shrinking = self._model.lr_schedule
        for weights in actor:
            weights.requires_grad_(False)
        self._model.lr_schedule = lambda left: self._settings.learning_rate
        self._model.learn(self._value_steps)
        self._model.lr_schedule = shrinking
        for weights in actor:  # those that never learn, see ``PPOSettings.iterative``, are not among them
            weights.requires_grad_(True)
