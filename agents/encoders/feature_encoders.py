"""From what a published world shows of a user to one state vector."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from driftrec.agents.encoders.fading import fading_counts
from driftrec.agents.encoders.state_encoder import memories
from driftrec.agents.ranker.choice import OneClick

HALF_LIVES = (1.0, 3.0, 20.0)
"""Steps over which memories fade by half."""


class Scaler(nn.Module):
    """Takes off the mean and divides by the standard deviation of every column, once both are known.

    Args:
        width: Columns.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def learn(self, rows: Tensor) -> None:
        """Take mean and deviation from ``rows`` (rows, width); columns that hardly vary keep their unit."""
        self.mean.copy_(rows.mean(dim=0))
        scale = rows.std(dim=0)
        self.scale.copy_(torch.where(scale > 1e-3, scale, 1.0))

    def forward(self, rows: Tensor) -> Tensor:
        """Scaled rows, at most 10 deviations from the mean."""
        return ((rows - self.mean) / self.scale).clamp(-10.0, 10.0)


class FeatureEncoder(nn.Module):
    """From observations to state vectors; it does not learn with the ranker.

    Attributes:
        width: Length of a state vector.
        topic_shape: Topics, and numbers of each, that ``by_topic`` gives.
        pilot_steps: Steps a lane of random slates that ``learn`` wants to see beforehand.
    """

    width: int
    pilot_steps = 0
    topic_shape = (0, 0)

    def by_topic(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What the observation says of every topic, (users, topics, numbers), as ``topic_shape`` tells."""
        some = next(iter(observation.values()))
        return torch.zeros(len(some), *self.topic_shape, device=some.device)

    def learn(self, columns: Tensor, clicks: Tensor) -> None:
        """Learn from random slates; nothing, unless said otherwise.

        Args:
            columns: Of the items shown, (steps, slate_size, item_width).
            clicks: Bool, (steps, slate_size).
        """

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        raise NotImplementedError


class UserVector(FeatureEncoder):
    """The observation's "user" as it is; a constant where the world shows nothing of a user.

    Args:
        width: Numbers of "user", 0 for none.
        blocks: Blocks of one number a topic that "user" holds, one behind the other; 0 where it is made otherwise.
        num_topics: Topics that items have, the first of those in "user".
    """

    def __init__(self, width: int, blocks: int = 0, num_topics: int = 0) -> None:
        super().__init__()
        self.width = max(width, 1)
        self._blind = width == 0
        self.topic_shape = (num_topics, blocks)

    def by_topic(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Every block's number, of all topics that items have."""
        topics, blocks = self.topic_shape
        if not blocks:
            return super().by_topic(observation)
        return observation["user"].float().unflatten(1, (blocks, -1)).transpose(1, 2)[:, :topics]

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        if self._blind:
            some = next(iter(observation.values()))
            return torch.ones(len(some), 1, device=some.device)
        return observation["user"].float()


class PastSlates(FeatureEncoder):
    """Fading memories of what was clicked and of what was passed over, and the world's count of clicks by topic.

    Memories are those of ``driftrec.agents.encoders.state_encoder``, ages in steps; the half-lives are fixed.

    Args:
        columns: Of the catalogue's items, (items, columns), a one for the topic last.
        counted: Numbers of the observation's "hist".
        topics: Topics that items have, the first of those counted.
    """

    def __init__(self, columns: Tensor, counted: int, topics: int) -> None:
        super().__init__()
        self.topic_shape = (topics, 4 * len(HALF_LIVES) + 1)
        self.ones: Tensor
        self.register_buffer("ones", columns[:, -topics:], persistent=False)
        self.columns: Tensor
        self.register_buffer("columns", columns, persistent=False)
        self.log_half_life: Tensor
        self.register_buffer("log_half_life", torch.tensor(HALF_LIVES).log2().repeat(2, 1), persistent=False)
        self.width = self.log_half_life.numel() * (columns.shape[1] + 1) + counted

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        shown, clicked = observation["shown"], observation["clicked"] > 0
        kinds = torch.stack([clicked, (shown >= 0) & ~clicked], dim=1).float()  # (users, kinds, impressions)
        of_slates = memories(self.columns, shown, kinds, observation["age"], self.log_half_life)
        return torch.cat([*of_slates, observation["hist"]], dim=1)

    def by_topic(self, observation: Mapping[str, Tensor]) -> Tensor:
        """Fading counts of what was clicked and passed over, the share clicked, and the world's count."""
        shown, clicked = observation["shown"], observation["clicked"] > 0
        kinds = torch.stack([clicked, (shown >= 0) & ~clicked], dim=1).float()
        counts = fading_counts(self.ones, shown, kinds, observation["age"], self.log_half_life)
        clicks, passed = counts.chunk(2, dim=1)
        share = (clicks + 0.3) / (clicks + passed + 1.0)
        of_world = observation["hist"][:, None, : self.topic_shape[0]]
        return torch.cat([counts.log1p(), share, share.log(), of_world], dim=1).transpose(1, 2)


class PastResponses(FeatureEncoder):
    """How far a window of responses lies from the average user's, for worlds that show nothing else of a user.

    The average user clicks item i of slate t, or nothing, with chance p_ti, by ``OneClick`` with appeal <u, x_i>, x_i
    the item's columns. With p_ta the sum of p_ti over the items of topic a, for every topic:

        g_a = sum_t (clicks_ta - p_ta),   I_a = sum_t p_ta (1 - p_ta)

    The state is g_a and g_a / sqrt(I_a + 1) of all topics, and the number of slates seen.

    g_a is the score of the user's taste for the topic, the derivative of the log-likelihood of the responses at the
    average user, and I_a its variance: all that responses say to first order (Rao, 1948), whatever was shown. Counts
    say the same only together with the qualities and the rivals of what was shown.

    Args:
        topics: Numbers that the observation's "cluster" takes, beside -1 for positions before the first slate.
        slate_size: Positions of one step.
    """

    pilot_steps = 50

    def __init__(self, topics: int, slate_size: int) -> None:
        super().__init__()
        self.topics, self.slate_size = topics, slate_size
        self.choice = OneClick(slate_size)
        self.weights = nn.Parameter(torch.zeros(topics + 1))
        self.requires_grad_(False)
        self.width = 2 * topics + 1

    def learn(self, columns: Tensor, clicks: Tensor) -> None:
        """Fit the average user to slates shown to many, by maximum likelihood (L-BFGS).

        ``columns`` are one-hot of the topic, and quality, (steps, slate_size, topics + 1).
        """
        self.requires_grad_(True)
        optimizer = torch.optim.LBFGS(self.parameters(), max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> float:
            optimizer.zero_grad()
            nats = self.choice.loss(columns @ self.weights, clicks)
            nats.backward()
            return nats.item()

        optimizer.step(loss)
        optimizer.zero_grad()  # a later optimizer would step along what is left
        self.requires_grad_(False)

    def forward(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, (users, width)."""
        cluster, clicked = observation["cluster"], observation["clicked"].float()  # (users, positions)
        seen = cluster >= 0
        topic = nn.functional.one_hot(cluster.clamp(min=0).long(), self.topics).float()  # (users, positions, topics)
        columns = torch.cat([topic, observation["quality"][..., None]], dim=2)
        slates = (-1, self.slate_size)
        appeal = (columns @ self.weights).reshape(slates)
        expected = self.choice.chances(appeal).reshape(clicked.shape) * seen
        of_topic = (topic * expected[..., None]).unflatten(1, slates).sum(dim=2)  # (users, history, topics)
        score = torch.bmm((clicked - expected)[:, None], topic)[:, 0]  # (users, topics)
        variance = (of_topic * (1.0 - of_topic)).sum(dim=1)
        steps = seen.unflatten(1, slates).any(dim=2).sum(dim=1, keepdim=True).float()
        return torch.cat([score, score / (variance + 1.0).sqrt(), steps], dim=1)
