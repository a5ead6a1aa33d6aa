"""What is remembered of steps."""

import torch

from driftrec.agents.slateq.replay import Replay


def test_the_ring_keeps_the_last_steps_entry_by_entry():
    replay = Replay(5)
    for number in range(4):
        rows = torch.full((2,), float(number))
        replay.add({"reward": rows, "shown": rows[:, None, None].expand(2, 3, 2).long(), "terminated": rows > 1})
        assert len(replay) == min(2 * (number + 1), 5)
    assert replay.added == 8
    drawn = replay.sample(200, torch.Generator().manual_seed(0))
    assert set(drawn["reward"].tolist()) == {1.0, 2.0, 3.0}  # the two of step 0 are gone, and one of step 1
    assert torch.equal(drawn["terminated"], drawn["reward"] > 1)  # rows stay together
    assert torch.equal(drawn["shown"], drawn["reward"].long()[:, None, None].expand(200, 3, 2))
    assert (drawn["shown"].dtype, drawn["terminated"].dtype) == (torch.int64, torch.bool)


def test_what_is_remembered_is_a_copy():
    replay, reward = Replay(2), torch.ones(1)
    replay.add({"reward": reward})
    reward.zero_()
    drawn = replay.sample(1, torch.Generator())
    drawn["reward"].zero_()
    assert replay.sample(1, torch.Generator())["reward"].item() == 1.0
