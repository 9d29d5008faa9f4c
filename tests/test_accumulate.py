"""`accumulate = n`: an update is that of a batch n times as large, in memory for one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.helpers.accumulated import accumulated

SPEC = """
data points {{
  source = arrays()
  x : f32[6]
  y : f32[2]
  importance : f32
}}

model Net {{
  input x : f32[6]
  hidden = x -> dense(5, tanh, kernel_regularizer=l2(0.1)){norm}
  output z = hidden -> dense(2)
}}

train {{
  model = Net
  data = points
  loss = mean_squared_error(y, z)
  sample_weight = importance
  metrics = {{ error: mean_absolute_error(y, z), far: max(abs(y - z)) }}
  optimizer = adam(0.05, clipnorm=1.0)
  batch = {batch}
  accumulate = {accumulate}
  epochs = 3
  {more}
}}
"""
ROWS = 37  # the last update has 5 examples of 16, so that some of its parts have none


def data(rows: int = ROWS) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype("float32")
    y = np.stack([x.sum(axis=1), x[:, 0] * x[:, 1]], axis=1)
    return {"x": x, "y": y, "importance": rng.uniform(size=rows).astype("float32")}


def trained(batch: int, accumulate: int, norm: str = "", more: str = "") -> kspec.Run:
    text = SPEC.format(batch=batch, accumulate=accumulate, norm=norm, more=more)
    return kspec.compile_text(text).fit(data={"train": data()}, quiet=True)


@pytest.mark.parametrize("more", ["", "phase a { epochs = 2, freeze dense }\n  phase b {}"])
def test_it_equals_the_larger_batch(more):
    one, four = trained(16, 1, more=more), trained(4, 4, more=more)
    for path in one.weights:
        np.testing.assert_allclose(four.weights[path], one.weights[path], rtol=2e-5, atol=2e-6)
    assert [r["steps"] for r in four.history] == [r["steps"] for r in one.history]
    for ours, theirs in zip(four.history, one.history, strict=True):
        for name, value in theirs["train"].items():
            np.testing.assert_allclose(ours["train"][name], value, rtol=2e-5, err_msg=name)


def test_batches_of_one_update_have_statistics_of_their_own():
    """As if each batch had been a step: the moving mean goes toward each part's mean in turn."""
    text = SPEC.format(
        batch=4, accumulate=2, norm=" -> batch_normalization", more="shuffle = false"
    )
    given = {name: array[:8] for name, array in data().items()}
    program = kspec.compile_text(text, set={"train.epochs": 1})
    start = program.init()
    hidden = np.tanh(given["x"] @ start.weights["dense.kernel"] + start.weights["dense.bias"])
    mean, variance = np.zeros(5), np.ones(5)
    for part in (hidden[0::2], hidden[1::2]):
        mean = 0.99 * mean + 0.01 * part.mean(axis=0)
        variance = 0.99 * variance + 0.01 * part.var(axis=0)
    run = program.fit(data={"train": given}, quiet=True)
    found = run.weights
    np.testing.assert_allclose(found["batch_normalization.moving_mean"], mean, rtol=1e-5)
    np.testing.assert_allclose(found["batch_normalization.moving_variance"], variance, rtol=1e-5)


def test_parts_without_examples_change_no_statistics():
    run = trained(4, 4, norm=" -> batch_normalization")
    assert all(np.isfinite(weight).all() for weight in run.weights.values())
    assert np.isfinite(run.history[-1]["train"]["loss"])


def test_parts_draw_from_keys_of_their_own():
    def gradient(params, stats, batch, mask, key):
        sums = {"loss": {"count": mask.sum(), "total": jnp.float32(0)}}
        return (jnp.float32(0), (sums, stats)), jax.random.uniform(key)

    key = jax.random.key(3)
    _, found = accumulated(gradient, 2)(jnp.float32(0), {}, {}, jnp.ones(4), key)
    draws = [jax.random.uniform(jax.random.fold_in(key, part)) for part in range(2)]
    np.testing.assert_allclose(found, np.mean(draws), rtol=1e-6)
    assert draws[0] != draws[1]
