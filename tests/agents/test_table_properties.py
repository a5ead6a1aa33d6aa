"""What holds of any ranking, interval, log, items file, snapshot and parameter of a policy."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from driftrec.agents.baselines.common import draw_distinct, top_k
from driftrec.agents.catalogues.read_items import read_items
from driftrec.agents.evaluation.bootstrap import interval, paired_interval
from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_table import LOG_SCHEMA
from driftrec.agents.own_parameters import parsed, typed
from driftrec.agents.snapshots.snapshot_file import read_snapshot, write_snapshot
from tests.agents.logbook.test_log_reader import good
from tests.same import assert_same

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 3), st.integers(2, 9))


@given(seed=seeds, shape=shapes, data=st.data())
def test_top_k_are_the_best_and_no_item_twice(seed, shape, data):
    scores = np.random.default_rng(seed).integers(0, 5, shape).astype(np.float32)
    k = data.draw(st.integers(1, shape[1]))
    best = top_k(scores, k)
    found = np.take_along_axis(scores, best, axis=1)
    assert all(len(set(row)) == k for row in best.tolist())
    np.testing.assert_array_equal(found, -np.sort(-scores, axis=1)[:, :k])


@given(seed=seeds, users=st.integers(1, 5), size=st.integers(1, 6), more=st.integers(0, 4))
def test_drawn_slates_hold_distinct_items_that_there_are(seed, users, size, more):
    slates = draw_distinct(np.random.default_rng(seed).random((users, size)), size + more)
    assert all(len(set(slate)) == size for slate in slates.tolist())
    assert 0 <= slates.min() <= slates.max() < size + more


@given(seed=seeds, shape=shapes, shift=st.floats(-100, 100), scale=st.floats(0.1, 100))
def test_an_interval_holds_its_mean_and_moves_with_the_unit(seed, shape, shift, scale):
    values = np.random.default_rng(seed).normal(size=shape)
    found, moved = (interval(each, seed=seed, resamples=50) for each in (values, shift + scale * values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9 or shape[1] < 4  # with few users a mean may lie outside
    for name in ("mean", "low", "high"):
        assert getattr(moved, name) == pytest.approx(shift + scale * getattr(found, name), abs=1e-6)


@given(seed=seeds, users=st.integers(2, 9), effect=st.floats(-5, 5))
def test_what_users_share_leaves_a_paired_interval(seed, users, effect):
    """However different users are: the difference is the same for all."""
    other = 100 * np.random.default_rng(seed).random((1, users))
    found = paired_interval(other + effect, other, seed=seed, resamples=50)
    assert (found.low, found.mean, found.high) == pytest.approx((effect,) * 3, abs=1e-9)


def log_in(folder, table, suffix=".csv"):
    file = folder / f"log{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file, index=False)
    return read_log(file)


@given(seed=seeds, suffix=st.sampled_from([".csv", ".parquet"]))
def test_a_shuffled_log_is_put_in_order_whatever_the_file(tmp_path, seed, suffix):
    order = np.random.default_rng(seed).permutation(len(good()))
    rows = [log_in(tmp_path, good().iloc[order], suffix).rows, log_in(tmp_path, good()).rows]
    by_user = [each.sort_values("user", kind="stable", ignore_index=True) for each in rows]  # else as they come
    pd.testing.assert_frame_equal(*by_user, check_dtype=False)


@given(rows=st.lists(st.integers(0, 5), max_size=6))
def test_rows_that_are_there_twice_count_once(tmp_path, rows):
    table = pd.concat([good(), good().iloc[rows]])
    log = log_in(tmp_path, table)
    pd.testing.assert_frame_equal(log.rows, log_in(tmp_path, good()).rows)
    assert any("left out: each says the same" in note for note in log.notes) == bool(rows)


@given(row=st.integers(0, 5), value=st.floats(allow_nan=False).filter(lambda value: not 0 < value <= 1))
def test_a_chance_that_is_none_is_refused_with_its_row(tmp_path, row, value):
    table = good()
    table.loc[row, "propensity"] = value
    with pytest.raises(ValueError, match=rf"row {row + 1}: (propensity|slate_propensity) is|product"):
        log_in(tmp_path, table)


@given(pairs=st.dictionaries(st.sampled_from(LOG_SCHEMA.names), st.text("abc =é", min_size=1), max_size=4))
def test_names_of_columns_come_back_from_a_flag(pairs):
    assert parse_columns(",".join(f"{ours}={theirs}" for ours, theirs in pairs.items())) == pairs


plain = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=9)
titles = plain.filter(lambda text: not set(text) & set("<&[{("))  # what is HTML or a list is taken apart


@given(
    titles=st.lists(titles, min_size=1, max_size=4), kind=st.sampled_from(["csv", "tsv", "semicolons", "jsonl", "json"])
)
def test_any_title_comes_back_from_any_file(tmp_path, titles, kind):
    rows = [{"id": str(number), "title": title} for number, title in enumerate(titles)]
    file, table = tmp_path / "items.file", pd.DataFrame(rows)
    separator = {"csv": ",", "tsv": "\t", "semicolons": ";"}.get(kind)
    if separator:
        file.write_text(table.to_csv(index=False, sep=separator), encoding="utf-8")
    elif kind == "json":
        file.write_text(json.dumps(rows), encoding="utf-8")
    else:
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert read_items(file).titles == tuple(titles)


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
arrays = st.builds(lambda seed, rows: np.random.default_rng(seed).random((rows, 2)), seeds, st.integers(0, 3))
tensors = arrays.map(lambda values: torch.from_numpy(values.astype(np.float32)))
parts = st.one_of(leaves, arrays, tensors)
trees = st.recursive(
    parts, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3))
)


@given(tree=trees)
def test_any_tree_comes_back_from_a_snapshot(tmp_path, tree):
    write_snapshot(tmp_path / "a.snapshot", tree)
    back = read_snapshot(tmp_path / "a.snapshot")
    assert_same(_numbers(back), _numbers(tree))


def _numbers(tree):
    """Tensors as arrays with a name, for ``assert_same``."""
    if isinstance(tree, dict):
        return {name: _numbers(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_numbers(part) for part in tree]
    return ("tensor", tree.numpy()) if isinstance(tree, torch.Tensor) else tree


class Own:
    """A policy of a user's with one parameter of every type."""

    def __init__(self, context, *, whole: int = 0, number: float = 0.0, word: str = "", sure: bool = False):
        pass


@given(whole=st.integers(), number=st.floats(allow_nan=False, allow_infinity=False), word=plain, sure=st.booleans())
def test_parameters_come_back_from_a_policys_name(whole, number, word, sure):
    escaped = word.replace("%", "%25").replace("&", "%26")
    query = f"whole={whole}&number={number!r}&word={escaped}&sure={str(sure).lower()}"
    found = typed("m:Own", Own, parsed("m:Own", query))
    assert found == {"whole": whole, "number": number, "word": word, "sure": sure}
    assert math.copysign(1, found["number"]) == math.copysign(1, number)
