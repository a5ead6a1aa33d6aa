"""What was opened is recalled for as long as a user is there, row by row, whatever the observation forgets."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from driftrec.agents.ranker.items import OPENED, PageItems, TextItems
from driftrec.agents.ranker.recall import OpeningsRecalled, Recall
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.snapshots.tree import put_back, tree_of
from driftrec.agents.worlds.kits import kit_of

SLATE = 2
PLAIN = SimpleNamespace(recalls=False)


def seen(shown, clicked, hours):
    """The last page of every user."""
    clock = np.zeros((len(shown), 4), np.float32)
    clock[:, 0] = hours
    return {"shown": np.array(shown), "clicked": np.array(clicked, np.int8), "clock": clock}


def opened(observation):
    return [sorted(row[row >= 0].tolist()) for row in observation[OPENED]]


@pytest.fixture
def recall():
    return OpeningsRecalled(SimpleNamespace(recalls=True), SLATE)


def test_what_fell_out_of_the_observation_is_recalled(recall):
    recall(seen([[-1, -1], [-1, -1]], [[0, 0], [0, 0]], 0))
    recall(seen([[3, 4], [5, 6]], [[1, 1], [0, 0]], 1))
    assert opened(recall(seen([[7, 8], [9, 3]], [[0, 1], [1, 0]], 2))) == [[3, 4, 8], [9]]


def test_of_longer_windows_the_last_slate_alone_is_new(recall):
    recall(seen([[-1] * 4], [[0] * 4], 0))
    recall(seen([[-1, -1, 3, 4]], [[0, 0, 1, 0]], 1))
    assert recall(seen([[3, 4, 5, 6]], [[1, 0, 0, 1]], 2))[OPENED][0, :3].tolist() == [3, 6, -1]


def test_who_comes_new_into_a_row_has_opened_nothing(recall):
    recall(seen([[-1, -1], [-1, -1]], [[0, 0], [0, 0]], 0))
    recall(seen([[3, 4], [5, 6]], [[1, 1], [1, 1]], 1))
    assert opened(recall(seen([[-1, -1], [7, 8]], [[0, 0], [1, 0]], [0, 2]))) == [[], [5, 6, 7]]


def test_room_grows_with_what_was_opened(recall):
    recall(seen([[-1, -1]], [[0, 0]], 0))
    for page in range(50):
        last = recall(seen([[2 * page, 2 * page + 1]], [[1, 1]], page + 1))
    assert opened(last) == [list(range(100))]


def test_the_last_sight_of_a_user_is_told_what_was_opened_before_and_notes_nothing(recall):
    recall(seen([[-1, -1], [-1, -1]], [[0, 0], [0, 0]], 0))
    recall(seen([[3, 4], [5, 6]], [[1, 1], [1, 0]], 1))
    last = recall.last(seen([[8, 9]], [[1, 1]], 2), np.array([1]))
    assert opened(last) == [[5]]
    assert opened(recall(seen([[8, 7], [1, 2]], [[0, 0], [0, 0]], 2))) == [[3, 4], [5]]


def test_what_comes_out_is_a_copy(recall):
    first = recall(seen([[-1, -1]], [[0, 0]], 0))
    recall(seen([[3, 4]], [[1, 1]], 1))
    assert opened(first) == [[]]


def test_forgetting_forgets(recall):
    recall(seen([[-1, -1]], [[0, 0]], 0))
    recall(seen([[3, 4]], [[1, 1]], 1))
    recall.forget()
    assert opened(recall(seen([[5, 6]], [[0, 0]], 2))) == [[]]


def test_where_nothing_is_to_be_recalled_observations_stay_as_they_are(make_context):
    observation = seen([[3, 4]], [[1, 1]], 1)
    assert OpeningsRecalled(TextItems(make_context(num_items=9)), SLATE)(observation) is observation


def counting():
    """A ranker that carries how many requests a user has made, and tells of twice as many."""

    def carry(observation, before):
        many = torch.ones(len(observation["clock"])) if before is None else before["many"] + 1
        return {"many": many}, {"twice": 2 * many}

    return Recall(SimpleNamespace(items=PLAIN, ranker=SimpleNamespace(carry=carry, device="cpu")), SLATE)


def test_what_the_ranker_carries_goes_from_request_to_request():
    recall, request = counting(), seen([[3, 4], [5, 6]], [[1, 1], [0, 0]], 1)
    assert [recall(request)["twice"].tolist() for _ in range(3)] == [[2, 2], [4, 4], [6, 6]]
    last = recall.last(seen([[3, 4]], [[1, 1]], 2), np.array([1]))
    assert last["twice"].tolist() == [8]
    assert recall(request)["twice"].tolist() == [8, 8], "the last sight is not taken note of"
    recall.forget()
    assert recall(request)["twice"].tolist() == [2, 2]
    assert recall(seen([[3, 4]], [[1, 1]], 1))["twice"].tolist() == [2], "others have come"


def test_who_stays_keeps_what_is_known_of_him_in_his_new_row(recall):
    recall(seen([[-1, -1]] * 3, [[0, 0]] * 3, 0))
    recall(seen([[3, 4], [5, 6], [7, 8]], [[1, 1], [1, 0], [0, 1]], 1))
    recall.stay(np.array([0, 2]))
    assert opened(recall(seen([[1, 2], [1, 2]], [[0, 0], [1, 0]], 2))) == [[3, 4], [1, 8]]


def test_who_stays_keeps_what_is_carried_of_him():
    recall = counting()
    recall(seen([[3, 4], [5, 6]], [[1, 1], [0, 0]], 0))
    recall._carried["many"][1] = 7.0
    recall.stay(np.array([1]))
    assert recall(seen([[5, 6]], [[0, 0]], 1))["twice"].tolist() == [16]


def test_what_is_carried_is_kept_in_a_snapshot_and_the_ranker_is_not():
    recall, request = counting(), seen([[3, 4]], [[1, 1]], 1)
    recall(request)
    kept = tree_of(recall)
    assert kept["_carried"]["many"].tolist() == [1]
    assert set(kept) == set(Recall.CHANGING)
    other = put_back(counting(), kept)
    assert other(request)["twice"].tolist() == [4]


def test_what_is_told_is_a_copy():
    kept = torch.ones(1)
    ranker = SimpleNamespace(carry=lambda observation, before: ({"kept": kept}, {"told": kept}), device="cpu")
    told = Recall(SimpleNamespace(items=PLAIN, ranker=ranker), SLATE)(seen([[3, 4]], [[1, 1]], 1))
    told["told"][:] = 5.0
    assert kept.tolist() == [1.0]


def test_what_is_recalled_is_not_shown(make_context, recall):
    recall(seen([[-1, -1]], [[0, 0]], 0))
    recall(seen([[3, 4]], [[1, 1]], 1))
    told = {**recall(seen([[5, 6]], [[0, 0]], 2)), "read_items": np.array([[-1]])}
    value = np.ones((1, 9), np.float32)
    PageItems(make_context(num_items=9), recalls=True).forbid(told, value)
    assert np.flatnonzero(value[0] < 0).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("world", "recalls"), [("driftrec/Video-v0", True), ("driftrec/NewsStream-v0", True), ("driftrec/Music-v0", False)]
)
def test_songs_may_be_heard_again_and_clips_and_articles_are_not(world, recalls):
    setup = set_up(WorldArgs(world=world))
    kit = kit_of(setup)
    assert kit.judge(setup, {"representation": "random"}, seed=0).items.recalls is recalls
