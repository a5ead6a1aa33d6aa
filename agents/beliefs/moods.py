"""What a user is in the mood for: a hidden state that lasts some pages, by what items' texts say."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOODS = 3
"""Hidden states."""

AWAY = 1.0
"""Hours after which a page begins another session."""


class Moods(nn.Module):
    """A hidden Markov chain over moods, drawn anew with one chance after a page and another after an absence.

        drawn anew: mood ~ softmax(D [sin, cos](hour of the day));  an item's log-odds of opening: + <m_mood, x_i>

    Args:
        text_dims: Length of x.
    """

    def __init__(self, text_dims: int) -> None:
        super().__init__()
        self.change = nn.Parameter(torch.tensor([-1.5, 2.0]))  # log-odds within a session, and after it
        self.drawn = nn.Linear(2, MOODS, bias=False)  # over a day every mood comes as often
        self.match = nn.Linear(text_dims, MOODS, bias=False)
        angle = torch.arange(MOODS) * (2.0 * torch.pi / MOODS)
        self.drawn.weight.data.copy_(torch.stack([angle.sin(), angle.cos()], dim=1))  # each has its hours to begin with
        nn.init.normal_(self.match.weight, std=0.1)

    def at_first(self, hour: Tensor) -> Tensor:
        """Chances of moods that are drawn at hours of the day (users,), (users, ``MOODS``)."""
        angle = hour * (2.0 * torch.pi / 24.0)
        return self.drawn(torch.stack([angle.sin(), angle.cos()], dim=1)).softmax(dim=1)

    def after(self, chance: Tensor, hours: Tensor, hour: Tensor, seen: Tensor) -> Tensor:
        """The same a page later, from what they were: ``hours`` (users,) have passed, and it is ``hour``.

        Nothing but time happens at a page of which nothing was ``seen`` (users,).
        """
        away = hours > AWAY
        anew = (self.change.sigmoid()[away.long()] * (seen | away))[:, None]
        return (1.0 - anew) * chance + anew * self.at_first(hour)
