"""Colours that everybody can tell apart: distances for normal sight and for three kinds of colour blindness."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from driftrec.agents.known import KNOWN, ORACLE_DASH
from driftrec.agents.plots.looks import OTHER_TOPICS, SPARE, TOPIC_COLOURS, styles

SIGHTS = {  # linear RGB to linear RGB, severity 1; Machado, Oliveira and Fernandes 2009
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colours, sight):
    """CIELAB (D65) of what somebody of this sight sees, (colours, 3)."""
    encoded = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.array(SIGHTS[sight]).T).clip(0, 1)
    share = seen @ XYZ.T / XYZ.sum(axis=1)
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def distances(colours, sight):
    """CIELAB distance of every pair, infinite of a colour to itself."""
    seen = lab(colours, sight)
    apart = np.linalg.norm(seen[:, None] - seen, axis=2)
    np.fill_diagonal(apart, np.inf)
    return apart


def test_lab_of_white_red_and_grey():
    want = [[100, 0, 0], [53.24, 80.09, 67.20], [53.59, 0, 0]]
    np.testing.assert_allclose(lab(["#FFFFFF", "#FF0000", "#808080"], "normal"), want, atol=0.02)


@pytest.mark.parametrize("sight", SIGHTS)
def test_policies_and_topics_are_told_apart(sight):
    every = [*(known.style for known in KNOWN.values()), *SPARE]
    apart = distances([style.colour for style in every], sight)
    alike = np.array([[one.dash == other.dash for other in every] for one in every])
    assert apart[: len(KNOWN), : len(KNOWN)].min() >= 13
    assert apart.min() >= 8
    assert apart[alike].min() >= 10
    oracles = [list(KNOWN).index(name) for name in ("planner", "myopic-oracle")]
    assert apart[oracles].min() >= 9  # any spare colour may be an oracle's, and its line broken
    assert distances([*TOPIC_COLOURS, OTHER_TOPICS], sight).min() >= 16


def test_all_are_seen_on_white():
    lightness = lab([style.colour for style in [*(known.style for known in KNOWN.values()), *SPARE]], "normal")[:, 0]
    assert lightness.max() < 80


def test_every_policy_of_the_package_has_a_style_of_its_own():
    assert all(styles([name]) == {name: KNOWN[name].style} for name in KNOWN)
    assert len({known.style.colour for known in KNOWN.values()}) == len(KNOWN)


def test_no_colour_is_given_twice_and_the_order_of_names_does_not_matter():
    names = [*KNOWN, *(f"pkg.mod:P{i}" for i in range(len(SPARE)))]
    found = styles(names)
    assert len({style.colour for style in found.values()}) == len(names)
    assert found == styles(reversed(names))
    with pytest.raises(ValueError, match=f"{len(SPARE) + 1} policies of your own are more than the {len(SPARE)}"):
        styles([*names, "one-more"])


def test_a_label_keeps_its_style_whoever_else_takes_part():
    alone = styles(["told-ppo"])["told-ppo"]
    assert styles(["ids", "random", "told-ppo", "zzz"])["told-ppo"] == alone


def test_lines_of_oracles_are_broken_and_keep_their_colour():
    found = styles(["ppo", "mine", "planner"], oracles=["mine", "planner"])
    assert [style.dash for style in found.values()] == ["-", ORACLE_DASH, ORACLE_DASH]
    assert found["mine"].colour == styles(["mine"])["mine"].colour
    assert not any(style.dash == ORACLE_DASH for style in SPARE)
