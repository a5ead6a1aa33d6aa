"""What time adds to an item: counted out by hand; nothing before it is learned; of a page of before as it was then.

Tried: articles to come counted as news, the calendar not going round, ``ago`` added to the moment; each fails a test.
"""

import numpy as np
import pytest
import torch

from driftrec.agents.beliefs.timeliness import SPANS, Timeliness
from driftrec.agents.beliefs.topic_belief import TopicBelief
from tests.agents.beliefs.bored import SLATE, TOPIC, bored_users

HOURS = np.array([0.5, 3.0, 30.0, 47.9], np.float32)  # of a calendar of two days
PERIOD = 48.0
ITEMS = torch.arange(4).expand(3, -1)
MOMENT = torch.tensor([[4.0], [30.0], [46.5]])


def timeliness(seed=0):
    """One with weights that say something."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = Timeliness(HOURS, PERIOD, TOPIC)
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter)
    return made


def counted(made, moment, item):
    """What is added, by the equations."""
    age = (moment - HOURS[item]) % PERIOD
    news = []
    for span in SPANS:
        hours = np.concatenate([HOURS - PERIOD, HOURS])  # this round, and the one before
        out = (np.tile(TOPIC, 2) == TOPIC[item]) & (np.floor(hours) < np.floor(moment))
        news.append(np.log1p((2.0 ** (-(np.floor(moment) - np.floor(hours[out])) / span)).sum()))
    of_age = sum(weight * np.log1p(age / span) for weight, span in zip(made.of_age.tolist(), SPANS, strict=True))
    return of_age + made.out(torch.relu(made.inputs(torch.tensor(news, dtype=torch.float32)))).item()


def test_age_and_news_are_those_of_the_calendar():
    made = timeliness()
    with torch.no_grad():
        added = made(MOMENT, ITEMS)
    wanted = [[counted(made, moment, item) for item in range(4)] for moment in MOMENT[:, 0].tolist()]
    np.testing.assert_allclose(added, wanted, rtol=1e-3, atol=1e-3)
    assert np.ptp(wanted) > 1.0


def test_what_was_shown_before_is_judged_as_of_then():
    made, ago = timeliness(), torch.tensor([[1.0, 3.5, 0.0, 40.0]]).expand(3, -1)
    with torch.no_grad():
        then = made(MOMENT, ITEMS, ago)
        for column in range(4):
            moment = torch.remainder(MOMENT - ago[:, column : column + 1], PERIOD)
            torch.testing.assert_close(then[:, column], made(moment, ITEMS)[:, column])


def test_nothing_is_added_before_it_is_learned_nor_by_a_state_that_knows_none_of_it():
    assert not Timeliness(HOURS, PERIOD, TOPIC)(MOMENT, ITEMS).any()
    holder = torch.nn.ModuleDict({"timely": timeliness(), "other": torch.nn.Linear(1, 1)})
    of_before = {name: value for name, value in holder.state_dict().items() if name.startswith("other")}
    holder.load_state_dict(of_before)
    assert not holder["timely"](MOMENT, ITEMS).any()
    part = {name: value for name, value in timeliness().state_dict().items() if name != "of_age"}
    with pytest.raises(RuntimeError, match="of_age"):
        timeliness().load_state_dict(part)


def test_a_belief_takes_what_time_adds_into_account():
    """What time adds to all alike says no more than the base does."""
    made = [TopicBelief(TOPIC, torch.ones(4, 2), torch.ones(1, 2), SLATE, timely=each) for each in (None, timeliness())]
    made[1].load_state_dict(made[0].state_dict())  # what time adds becomes 0
    seen = bored_users([2.0, 6.5], 20, 6, seed=0)
    with torch.no_grad():
        made[1].timely.of_age.zero_()
        made[1].timely.inputs.weight.zero_()
        made[1].timely.inputs.bias.fill_(1.0)
        made[1].timely.out.weight.fill_(-1.0 / made[1].timely.out.weight.shape[1])
        made[0].base.sub_(1.0)
        losses = [each.loss({**seen, "moment": torch.full((20, 1), 20.0)}) for each in made]
        torch.testing.assert_close(losses[0], losses[1])
        made[1].timely.of_age.fill_(-1.0)
        assert abs(made[1].loss({**seen, "moment": torch.full((20, 1), 20.0)}) - losses[0]) > 0.05
    assert "moment" in made[1].READS
    assert "moment" not in made[0].READS
