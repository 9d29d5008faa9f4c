"""Batches of buckets: a pure function of (seed, epoch, index), each row once an epoch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.data.buckets import BucketPlan, Buckets
from kspec.data.dataset import Split
from kspec.runtime.feed import Feed

NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=200).map(np.array)


@given(NUMBERS, st.integers(1, 30), st.booleans(), st.integers(0, 5), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_each_row_comes_once_an_epoch_in_a_batch_of_its_bucket(
    numbers, batch, shuffle, epoch, seed
):
    plan = BucketPlan(numbers, batch, seed, shuffle)
    rows, mask = plan.indices(epoch, 0, plan.steps)
    assert rows.shape == mask.shape == (plan.steps, batch)
    assert sorted(rows[mask == 1].tolist()) == list(range(len(numbers)))
    assert (numbers[rows] == numbers[rows[:, :1]]).all(), "fillers are of the batch's bucket, too"
    assert (mask[:, 0] == 1).all()
    short = (mask == 0).any(1).sum()
    assert short <= len(np.unique(numbers)), "only the last batch of a bucket is filled up"
    if not shuffle:
        assert (np.diff(rows[:, 0]) > 0).all()


@given(NUMBERS, st.integers(1, 20), st.data())
@settings(max_examples=60, deadline=None)
def test_batches_are_the_same_however_they_are_asked_for(numbers, batch, data):
    plan, other = (BucketPlan(numbers, batch, 3, True) for _ in range(2))
    first = data.draw(st.integers(0, plan.steps - 1))
    count = data.draw(st.integers(1, plan.steps - first))
    whole, whole_mask = plan.indices(2, 0, plan.steps)
    other.indices(1, 0, 1)  # another epoch has no say
    part, part_mask = other.indices(2, first, count)
    np.testing.assert_array_equal(part, whole[first : first + count])
    np.testing.assert_array_equal(part_mask, whole_mask[first : first + count])
    kinds = {*numbers[part[:, 0]].tolist()}
    assert plan.alike(2, first, count) is (len(kinds) == 1)


def test_epochs_and_seeds_have_orders_of_their_own():
    numbers = np.arange(60) % 3
    plans = [(seed, epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    found = [BucketPlan(numbers, 4, seed, True).indices(epoch, 0, 15)[0] for seed, epoch in plans]
    assert len({rows.tobytes() for rows in found}) == len(plans)
    order = [numbers[rows[:, 0]].tolist() for rows in found]
    assert len(set(map(tuple, order))) == len(plans), "buckets follow each other as it happens"


def test_another_process_has_the_same_batches():
    code = (
        "import numpy as np; from kspec.data.buckets import BucketPlan;"
        "print(BucketPlan(np.arange(40) % 3, 8, 5, True).indices(7, 0, 6)[0].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = BucketPlan(np.arange(40) % 3, 8, 5, True).indices(7, 0, 6)[0].tolist()
    assert done.stdout.strip() == str(own)


def test_an_example_is_in_the_smallest_bucket_that_holds_its_longest_field():
    buckets = Buckets((2, 5, 9), ("a", "b"), {"a": 9, "b": 4})
    lengths = {"a_length": np.array([0, 2, 3, 1, 9]), "b_length": np.array([0, 1, 2, 4, 0])}
    np.testing.assert_array_equal(buckets.numbers(lengths), [0, 0, 1, 1, 2])
    arrays = {"a": np.zeros((3, 9)), "b": np.zeros((3, 4, 2)), "c": np.zeros((3, 7))}
    shapes = {number: [a.shape for a in buckets.cut(arrays, number).values()] for number in (0, 1)}
    assert shapes == {0: [(3, 2), (3, 2, 2), (3, 7)], 1: [(3, 5), (3, 4, 2), (3, 7)]}


@pytest.mark.parametrize("limit", [None, 0])
def test_rows_reach_the_device_as_long_as_their_bucket(limit):
    """All on the device at once, or just the rows of the next steps."""
    lengths = {"train": np.array([1, 5, 2, 4, 0, 3]), "test": np.array([4, 4, 1])}
    splits = {
        name: Split({"x": np.arange(6 * len(n)).reshape(-1, 6) + 100 * len(n), "x_length": n}, {})
        for name, n in lengths.items()
    }
    feed = Feed(splits, limit, Buckets((2, 4, 6), ("x",), {"x": 6}))
    assert feed.resident is (limit is None)
    chosen = {("train", 2): [[4, 2], [0, 4]], ("train", 4): [[5, 3]], ("test", 4): [[1, 0]]}
    chosen[("train", 6)] = [[1, 1]]
    for (split, size), rows in chosen.items():
        given, whole = np.array(rows, np.int32), splits[split].arrays["x"]
        data, at = feed.gatherable(split, given)
        np.testing.assert_array_equal(np.asarray(data["x"])[at], whole[given][..., :size])
        np.testing.assert_array_equal(feed.batch(split, given[0])["x"], whole[given[0], :size])
