"""Texts and pasts of a world of one's own: what a stranger need not write."""

import numpy as np
import pytest

from driftrec.simulators.own_texts import catalogue_of, personas_of
from driftrec.simulators.past import MAX_HOURS, Past, past_fields


def test_a_catalogue_of_titles_has_every_column():
    items = catalogue_of(["Owl", "Whale", "Fox"], [[3, 0], [0, 2], [1, 1]], topics=["woods", "sea", "woods"])
    assert items.ids == items.titles == ("Owl", "Whale", "Fox")
    assert items.topic_names == ("sea", "woods")
    assert items.topic.tolist() == [1, 0, 1]
    np.testing.assert_allclose(items.latent, [[1, 0], [0, 1], [0.5**0.5, 0.5**0.5]], rtol=1e-6)
    assert items.documents() == ["Owl", "Whale", "Fox"]
    assert items.minutes.tolist() == [1, 1, 1]
    assert catalogue_of(["Owl"], [[1]], ["Hoots."]).topic_names == ("all",)


def test_a_direction_of_no_length_is_refused():
    with pytest.raises(ValueError, match=r"'Owl' .* has length 0"):
        catalogue_of(["Owl"], [[0, 0]])
    with pytest.raises(ValueError, match="persona interest"):
        personas_of(["Likes owls."], [[0, 0]])


def test_a_past_observes_what_its_fields_say_with_several_clicks_a_slate():
    past = Past(np.array([1, 0], np.int32), history=5, memory=3, slate_size=2)
    clicks = np.array([[True, True], [False, True]])
    past.add(np.array([[4, 7], [1, 2]]), clicks, np.where(clicks, np.float32(2), np.float32(0)), hours=1.5)
    seen = past.observe()
    fields = past_fields(8, 2, history=5, memory=3, longest=2)
    assert list(seen) == list(fields)
    for name, field in fields.items():
        assert (seen[name].shape, seen[name].dtype) == ((2, *field.shape), field.dtype)
        assert ((seen[name] >= field.low) & (seen[name] <= field.high)).all()
    assert seen["persona"].tolist() == [[1], [0]]
    assert seen["shown"].tolist() == [[-1, -1, -1, 4, 7], [-1, -1, -1, 1, 2]]
    assert seen["clicked"].tolist() == [[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]]
    assert seen["read_items"].tolist() == [[-1, 4, 7], [-1, -1, 2]]
    assert seen["read_age"].tolist() == [[0, 1.5, 1.5], [0, 0, 1.5]]
    assert seen["clock"].tolist() == [[1.5, 1, 1, 4], [1.5, 1, 1, 2]]


def test_a_past_is_put_lane_by_lane_and_its_clock_stops():
    past, fresh = (Past(np.full(n, n, np.int32), history=2, memory=2, slate_size=1) for n in (2, 1))
    past.add(np.array([[4], [5]]), np.ones((2, 1), np.bool_), np.ones((2, 1), np.float32), hours=2 * MAX_HOURS)
    assert past.observe()["clock"][:, 0].tolist() == [MAX_HOURS, MAX_HOURS]
    past.put(np.array([1]), fresh)
    seen = past.observe()
    assert seen["persona"].tolist() == [[2], [1]]
    assert seen["read_items"].tolist() == [[-1, 4], [-1, -1]]
    assert seen["shown"].tolist() == [[-1, 4], [-1, -1]]
    assert seen["clock"][1].tolist() == [0, 1, 0, 0]
