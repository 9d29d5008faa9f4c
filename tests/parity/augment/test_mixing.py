"""Mixtures of examples, given what Keras drew, and that padding stays out of them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.helpers.cut_mix import cut_mix, cut_mix_apply
from kspec.helpers.mix_up import mix_up, mix_up_apply
from kspec.helpers.partners import partners
from tests.parity.augment import K, agree, images
from tests.parity.harness import program

X = images(4, 9, 12, 3)
LABEL = np.eye(4, dtype=np.float32)[:, :3] + 0.25


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # by Keras
def test_mix_up():
    layer = K.MixUp(0.4, seed=1)
    drawn = layer.get_random_transformation(X)
    image, label = mix_up_apply(X, LABEL, drawn["permutation_order"], drawn["mix_weight"])
    agree(image, layer.transform_images(X, drawn))
    agree(label, layer.transform_labels(LABEL, drawn), 1.0)


def test_cut_mix():
    layer = K.CutMix(0.9)
    size = np.array([0.2, 0.5, 0.9, 1.0], np.float32)
    places = np.random.default_rng(0).random((4, 2)).astype(np.float32)
    low = places * (np.array([12, 9]) * (1 - size[:, None]))
    corners = (low[:, 0], low[:, 0] + 12 * size, low[:, 1], low[:, 1] + 9 * size)
    corners = tuple(jnp.asarray(each, jnp.float32) for each in corners)
    masks, weight = layer._generate_batch_mask(X.shape, corners)
    partner = np.array([2, 0, 3, 1])
    drawn = {"permutation_order": partner, "batch_masks": masks, "mix_weight": weight}
    image, label = cut_mix_apply(X, LABEL, partner, size, places)
    agree(image, layer.transform_images(X, drawn))
    agree(label, layer.transform_labels(LABEL, drawn), 1.0)


@pytest.mark.parametrize("mask", [(1, 1, 1, 1, 1, 0, 0), (0, 1, 0, 1, 1, 1, 0), (1,) * 7])
def test_partners_are_real_for_real_examples(mask):
    real = np.array(mask, np.float32)
    found = jax.vmap(lambda key: partners(key, real))(jax.random.split(jax.random.key(0), 200))
    for row in np.asarray(found):
        assert sorted(row) == list(range(7))
        np.testing.assert_array_equal(real[row], real)
    first = int(real.argmax())
    counts = np.bincount(np.asarray(found)[:, first], minlength=7)[real > 0]
    assert counts.min() > 0.5 * 200 / real.sum()  # each real example is as likely


@pytest.mark.parametrize("mix", [mix_up, cut_mix])
def test_padding_does_not_reach_real_examples(mix):
    mask = np.array([1, 1, 0, 0], np.float32)
    spoiled, labels = X.copy(), LABEL.copy()
    spoiled[2:], labels[2:] = np.nan, np.nan
    for seed in range(3):
        image, label = mix(spoiled, labels, mask, jax.random.key(seed))
        assert not np.isnan(image[:2]).any() and not np.isnan(label[:2]).any()


def test_a_step_mixes_and_prediction_does_not():
    body = """
      input image : f32[2, 2, 1]
      input label : f32[2]
      x, y = (image, label) -> mix_up(5.0)
      output both = x -> flatten
      output mixed = y
    """
    train = "  loss = mean_squared_error(target, both)\n  optimizer = sgd(0.1)\n  batch = 4"
    fields = "  image : f32[2, 2, 1]\n  label : f32[2]\n  target : f32[4]"
    run = program(body, train, fields)
    image = np.arange(16, dtype=np.float32).reshape(4, 2, 2, 1)
    label = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    given = {"image": image, "label": label}
    outputs = run.executable.outputs({}, {}, given)
    np.testing.assert_array_equal(outputs["both"], image.reshape(4, 4))
    np.testing.assert_array_equal(outputs["mixed"], label)
    batch = {**given, "target": image.reshape(4, 4)}
    loss, _ = run.executable.train({}, {}, batch, jnp.ones(4), jax.random.key(0))
    assert float(loss) > 0
