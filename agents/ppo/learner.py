"""PPO over a candidate stage, and the best policy by validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stable_baselines3.common.callbacks import BaseCallback
from torch import Tensor

from driftrec.agents.evaluation.curves import Curve, Record, not_recorded
from driftrec.agents.evaluation.keep_best import KeepBest, Measuring, Progress
from driftrec.agents.ppo.actor_critic import SlateActorCritic
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.ppo.ppo_state import ppo_state, put_ppo_state
from driftrec.agents.ppo.recording import Recording
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.agents.snapshots.tree import Tree, parts_of, put_back
from driftrec.envs.vector import RecommendationVectorEnv

VALUES, ALL = "values", "all"
"""What is learned: values alone, or the policy, too."""


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
        snapshots: Keep the state now and then; training goes on from the last.
        record: Takes what every update says.

    Raises:
        ValueError: If the last snapshot is spoilt or of another run.

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
        snapshots: Snapshots = NOTHING_KEPT,
        record: Record = not_recorded,
    ) -> None:
        self._record, self._start = record, curve.env_steps
        self._model = build_ppo(envs, stage, settings, seed)
        self._settings, self._value_steps = settings, value_steps
        assert isinstance(self._model.policy, SlateActorCritic)
        if start is not None:
            self._model.policy.load_state_dict(dict(start))
        self.policy = SlatePolicy(stage, self._model.policy, greedy=True)
        rollout = settings.lanes * settings.rollout
        self._before = -(-value_steps // rollout) * rollout
        curve.env_steps += self._before
        self.keeper = KeepBest(curve, "ppo", self.policy, self._model.policy)
        self._measuring = Measuring(self.keeper, settings.total_steps / (validations - 1), progress)
        self._snapshots, self._begun = snapshots, self._take_up(snapshots.last())

    def run(self) -> None:
        """Train; the best weights are put back, also where training is cut short by an error or an interrupt."""
        try:
            if self._value_steps and self._begun != ALL:
                self._learn_values()
            self._learn(ALL, self._settings.total_steps, self._measuring)
        finally:
            self.keeper.restore()

    def _learn_values(self) -> None:
        """Train the critic with the actor as it is, in steps that do not shrink."""
        actor = [weights for weights in self.policy.network.head.parameters() if weights.requires_grad]
        shrinking = self._model.lr_schedule
        for weights in actor:
            weights.requires_grad_(False)
        self._model.lr_schedule = lambda left: self._settings.learning_rate
        self._learn(VALUES, self._value_steps)
        self._model.lr_schedule = shrinking
        for weights in actor:  # those that never learn, see ``PPOSettings.iterative``, are not among them
            weights.requires_grad_(True)

    def _learn(self, what: str, steps: int, *callbacks: BaseCallback) -> None:
        """Train for so many environment steps in all, or for what a snapshot has left of them."""
        goes_on = what == self._begun
        taken = self._model.num_timesteps if goes_on else 0
        keeping = _Keeping(lambda: self._keep(what))
        recording = Recording(self._record, self._start + (self._before if what == ALL else 0))
        self._model.learn(steps - taken, callback=[keeping, recording, *callbacks], reset_num_timesteps=not goes_on)

    def _keep(self, what: str) -> None:
        """Take a snapshot if it is time for one."""
        steps = self._model.num_timesteps + (self._before if what == ALL else 0)
        if self._snapshots.due(steps):
            self._snapshots.take(steps, lambda: self._state(what))

    def _state(self, what: str) -> Tree:
        """All that training goes on from."""
        best = parts_of(self.keeper, self.keeper.CHANGING)
        return {"what": what, "best": best, "ppo": ppo_state(self._model)}

    def _take_up(self, kept: Tree) -> str | None:
        """Go on from a snapshot; returns what was being learned, None where there is no snapshot."""
        if kept is None:
            return None
        put_back(self.keeper, kept["best"])
        put_ppo_state(self._model, kept["ppo"])
        return str(kept["what"])


class _Keeping(BaseCallback):
    """Calls ``keep`` at the start of every rollout."""

    def __init__(self, keep: Callable[[], None]) -> None:
        super().__init__()
        self._keep = keep

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self._keep()
