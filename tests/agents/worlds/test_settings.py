"""Settings by world and kind of run, and what is refused."""

import re

import pytest

from driftrec.agents.ranker.feature_training import PublishedSettings
from driftrec.agents.runs.train import TrainSettings
from driftrec.agents.setup import NEWS
from driftrec.agents.slateq.values import SlateQTraining
from driftrec.agents.worlds.recipes import RECIPES
from driftrec.agents.worlds.settings import fitting, settings_of

BORED = "driftrec/Sardine-SlateTopK-Bored-v0"


def test_slateq_is_measured_six_times_on_news_and_ten_times_elsewhere():
    measured = {world: settings_of(world, "slateq") for world in (NEWS, *RECIPES)}
    told = {world: (one.validations, one.validation_users) for world, one in measured.items()}
    assert told == {NEWS: (6, 128), **dict.fromkeys(RECIPES, (10, 256))}


def test_what_is_not_given_is_the_worlds_own():
    own = PublishedSettings(value_steps=3)
    assert fitting(own, BORED) is own
    assert fitting(None, BORED) == RECIPES[BORED]
    assert fitting(None, NEWS, "slateq") == SlateQTraining()


@pytest.mark.parametrize(
    ("settings", "world", "kind", "error", "message"),
    [
        (None, "driftrec/New-v0", "ppo", ValueError, "World 'driftrec/New-v0' is unknown. Did you mean 'driftrec/News"),
        (None, BORED, "sb3-ppo", ValueError, f"{BORED} trains no sb3-ppo. Known: slateq."),
        (None, NEWS, "slatq", ValueError, "trains no slatq. Did you mean 'slateq'?"),
        (TrainSettings(), BORED, "ppo", TypeError, "trains ppo with PublishedSettings, not TrainSettings."),
        (SlateQTraining(), NEWS, "sb3-ppo", TypeError, "trains sb3-ppo with StockPPOSettings, not SlateQTraining."),
    ],
)
def test_mistakes_are_refused(settings, world, kind, error, message):
    with pytest.raises(error, match=re.escape(message)):
        fitting(settings, world, kind)
