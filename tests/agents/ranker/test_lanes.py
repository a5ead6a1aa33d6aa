"""Slates of users in any order are laid out so that users follow each other in lanes."""

import numpy as np
import pytest
import torch

from driftrec.agents.ranker import logs as lanes_module
from driftrec.agents.ranker.logs import in_lanes
from driftrec.agents.ranker.protocol import Logs


def test_lives_stand_one_behind_the_other_and_a_rest_is_left_out(monkeypatch):
    monkeypatch.setattr(lanes_module, "LANES", 2)
    user, step = np.array([7, 3, 7, 3, 5, 3, 7]), np.array([1, 0, 0, 2, 4, 1, 2])
    number = torch.from_numpy(10 * user + step)
    flat = Logs({"who": number[:, None]}, number[:, None], number[:, None] > 0, number[:, None].float(), number > 0)
    laid = in_lanes(flat, user, step)
    assert laid.seen["who"][..., 0].tolist() == [[30, 54], [31, 70], [32, 71]]
    for value in (laid.shown, laid.engagement):
        assert torch.equal(value[..., 0].long(), laid.seen["who"][..., 0])
    assert laid.over.shape == (3, 2)


@pytest.mark.parametrize("slates", [1, 5, 7, 9])
def test_of_few_slates_few_are_left_out(slates, monkeypatch):
    monkeypatch.setattr(lanes_module, "LANES", 4)
    one = torch.zeros(slates, 2)
    laid = in_lanes(Logs({"a": one}, one, one > 0, one, one[:, 0] > 0), np.arange(slates), np.zeros(slates, int))
    assert laid.over.numel() > slates * (1 - 1 / 4)
