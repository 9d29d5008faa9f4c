"""Batches: a pure function of (seed, epoch, index), each row once an epoch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.data.batches import BatchPlan
from kspec.data.dataset import Split
from kspec.runtime.feed import Feed
from kspec.runtime.loop import steps_per_dispatch


@given(st.integers(1, 300), st.integers(1, 64), st.booleans(), st.integers(0, 5), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_each_row_comes_once_an_epoch_and_fillers_are_masked(rows, batch, shuffle, epoch, seed):
    plan = BatchPlan(rows, batch, seed, shuffle)
    chosen, mask = plan.indices(epoch, 0, plan.steps)
    assert chosen.shape == mask.shape == (plan.steps, batch)
    assert sorted(chosen[mask == 1].tolist()) == list(range(rows))
    assert mask.sum() == rows
    assert (mask[:-1] == 1).all(), "only the last batch is filled up"
    if not shuffle:
        assert chosen[mask == 1].tolist() == list(range(rows))


@given(st.integers(1, 200), st.integers(1, 20), st.data())
@settings(max_examples=60, deadline=None)
def test_batches_are_the_same_however_they_are_asked_for(rows, batch, data):
    plan = BatchPlan(rows, batch, seed=3, shuffle=True)
    first = data.draw(st.integers(0, plan.steps - 1))
    count = data.draw(st.integers(1, plan.steps - first))
    whole, whole_mask = plan.indices(2, 0, plan.steps)
    part, part_mask = plan.indices(2, first, count)
    np.testing.assert_array_equal(part, whole[first : first + count])
    np.testing.assert_array_equal(part_mask, whole_mask[first : first + count])


def test_epochs_and_seeds_have_orders_of_their_own():
    plans = [(seed, epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    orders = {tuple(BatchPlan(50, 8, seed, True).order(epoch)) for seed, epoch in plans}
    assert len(orders) == len(plans)


def test_another_process_has_the_same_order():
    code = (
        "from kspec.data.batches import BatchPlan;"
        "print(BatchPlan(40, 8, 5, True).order(7).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(BatchPlan(40, 8, 5, True).order(7).tolist())


@pytest.mark.parametrize("limit", [None, 0])
def test_rows_reach_the_device_the_same_resident_or_sent(limit):
    """All on the device at once, or just the rows of the next steps."""
    splits = {
        "train": Split({"x": np.arange(20.0, dtype=np.float32), "t": np.array(["a"] * 20)}, {}),
        "test": Split({"x": np.arange(5.0, dtype=np.float32) + 100, "t": np.array(["b"] * 5)}, {}),
    }
    feed = Feed(splits, limit)
    assert feed.resident is (limit is None)
    rows = np.array([[1, 3], [0, 4]], np.int32)
    for split, first in (("train", 0), ("test", 100)):
        data, at = feed.gatherable(split, rows)
        assert set(data) == {"x"}, "text stays on the host"
        np.testing.assert_array_equal(np.asarray(data["x"])[at], rows + first)
        np.testing.assert_array_equal(feed.batch(split, rows[0])["x"], rows[0] + first)


def test_a_dispatch_divides_the_epoch_where_it_can():
    assert steps_per_dispatch(45) == 45
    assert steps_per_dispatch(469) == 67
    assert steps_per_dispatch(1_000) == 100
    assert steps_per_dispatch(101) == 100
    assert steps_per_dispatch(469, alone=True) == 1
