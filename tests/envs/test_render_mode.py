"""There is nothing to render, and whoever asks for it is told so."""

import gymnasium as gym
import pytest

import driftrec.envs  # noqa: F401 (registers the worlds)


@pytest.mark.filterwarnings("ignore:.*render:UserWarning")  # gymnasium's own
@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
@pytest.mark.parametrize("mode", ["human", "rgb_array"])
def test_a_render_mode_is_refused(make, mode):
    with pytest.raises(ValueError, match=f"render_mode is '{mode}'; this world draws nothing. Leave it out"):
        make("driftrec/News-v0", render_mode=mode)
    make("driftrec/News-v0", render_mode=None).close()
