"""Ragged inputs: what layers make of them is what Keras makes of a mask that is given by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.runtime.run import Run
from tests.parity.harness import GRADIENT_ATOL, GRADIENT_RTOL, close, floats, keras, program
from tests.parity.test_recurrent import copy_in_order

K: Any = keras.layers
STEPS, FEATURES = 6, 4
LENGTHS = np.array([6, 3, 1, 0], np.int32)
MASK = np.arange(STEPS) < LENGTHS[:, None]

CALLS = {
    "lstm(5)": lambda: K.LSTM(5),
    "lstm(5, return_sequences=true)": lambda: K.LSTM(5, return_sequences=True),
    "gru(5)": lambda: K.GRU(5),
    "bidirectional(gru(5))": lambda: K.Bidirectional(K.GRU(5)),
    "simple_rnn(5)": lambda: K.SimpleRNN(5),
    "global_average_pooling1d": lambda: K.GlobalAveragePooling1D(),
    "attention": lambda: K.Attention(),
    "multi_head_attention(2, 3)": lambda: K.MultiHeadAttention(2, 3),
}


def model_of(call: str, arrow: str) -> str:
    """A spec with a layer on ragged steps, which attention takes as query and as value."""
    return f"  input x : f32[..{STEPS}, {FEATURES}]\n  output y = {arrow} -> {call}"


def theirs(call: str, layer: Any, x: Any, weights: Any = None) -> Any:
    """What the layer of Keras makes of steps and their mask."""
    mask = jnp.asarray(MASK)
    args: Any = (x,)
    given: Any = {"mask": mask}
    if call == "attention":
        args, given = ([x, x],), {"mask": [mask, mask]}
    elif call.startswith("multi"):
        args, given = (x, x), {"query_mask": mask, "value_mask": mask, "key_mask": mask}
    if weights is None:
        return layer(*args, **given)
    fixed = [v.value for v in layer.non_trainable_variables]
    return layer.stateless_call(weights, fixed, *args, **given)[0]


def pair(call: str) -> tuple[Run, Any]:
    """A program and a layer of Keras with the same weights."""
    both = call in ("attention", "multi_head_attention(2, 3)")
    run = program(model_of(call, "(x, x)" if both else "x"))
    layer = CALLS[call]()
    theirs(call, layer, jnp.zeros((4, STEPS, FEATURES)))
    copy_in_order(layer, run)
    return run, layer


@pytest.mark.parametrize("call", CALLS)
def test_outputs_and_gradients_are_those_of_keras(call: str):
    """Also where an example has no step: nothing is NaN, which Keras' mean alone makes of it.

    What attention gives for steps behind the end means nothing, and is left out.
    """
    run, layer = pair(call)
    outputs: Any = run.executable.outputs
    x = jnp.asarray(floats(4, STEPS, FEATURES, seed=3))
    some = (call == "global_average_pooling1d") <= LENGTHS  # no step is 0 / 0 in Keras

    def ours(params: Any, x: Any) -> Any:
        return outputs(params, run.state["stats"], {"x": x, "x_length": LENGTHS})["y"]

    y, pull = jax.vjp(ours, run.state["params"], x)
    weights = [v.value for v in layer.trainable_variables]
    y_keras, pull_keras = jax.vjp(lambda w, x: theirs(call, layer, x, w), weights, x)
    assert np.isfinite(y).all()
    counts = MASK if call.startswith("multi") else some
    close(y[counts], y_keras[counts])
    seed = floats(*y.shape, seed=9)
    seed[~counts] = 0
    (grads, x_grad), (k_grads, k_x_grad) = pull(jnp.asarray(seed)), pull_keras(seed)
    assert np.isfinite(x_grad).all()
    close(x_grad[some], k_x_grad[some], GRADIENT_RTOL, GRADIENT_ATOL)
    for path, gradient in zip(list(run.weights), k_grads, strict=True):
        leaf: Any = grads
        for part in path.split("."):
            leaf = leaf[part]
        close(leaf, gradient, GRADIENT_RTOL, GRADIENT_ATOL)


@pytest.mark.parametrize("call", ["lstm(5)", "global_average_pooling1d", "attention"])
def test_what_stands_behind_the_end_means_nothing(call: str):
    """Other padding, and padding that is not a number, give the same numbers and gradients."""
    run, _ = pair(call)
    outputs: Any = run.executable.outputs
    x = floats(4, STEPS, FEATURES, seed=3)

    def total(x: Any) -> Any:
        y = outputs(run.state["params"], {}, {"x": x, "x_length": LENGTHS})["y"]
        steps = jnp.asarray(MASK)[..., None] if y.ndim == 3 else True
        return jnp.where(steps, y, 0).sum()

    given = jax.value_and_grad(total)(x)
    other = jax.value_and_grad(total)(np.where(MASK[..., None], x, 7.0).astype(np.float32))
    for one, two in zip(given, other, strict=True):
        close(one, two)
    close(given[1][~MASK], 0)


@pytest.mark.parametrize("mask_zero", [False, True])
def test_zero_is_a_token_like_any_other_unless_it_is_said_to_be_padding(mask_zero: bool):
    """Rows of zeros of two lengths, counted by an embedding of ones through a sum over steps."""
    flag = ", mask_zero=true" if mask_zero else ""
    run = program(
        "  input tokens : i32[..4]\n"
        f"  output y = tokens -> embedding(3, 1, embeddings_initializer=ones{flag}) "
        "-> simple_rnn(1, linear, kernel_initializer=ones, recurrent_initializer=ones)"
    )
    y = run.predict({"tokens": [[0, 0], [0, 1, 2], [], [2]]})["y"][:, 0]
    np.testing.assert_allclose(y, [0, 2, 0, 1] if mask_zero else [2, 3, 0, 1])


def test_losses_of_steps_count_the_steps_of_ragged_labels_alone():
    """Keras' mean over all steps of a batch that the mask lets count."""
    fields = "  x : f32[..6, 4]\n  tags : i32[..6]"
    train = "  loss = sparse_categorical_crossentropy(tags, p)\n  optimizer = sgd(0.1)\n  batch = 4"
    body = (
        "  input x : f32[..6, 4]\n"
        "  output p = x -> lstm(5, return_sequences=true) -> dense(3, softmax)"
    )
    run = program(body, train, fields)
    rng = np.random.default_rng(0)
    x = [floats(n, 4, seed=n) for n in LENGTHS]
    tags = [rng.integers(0, 3, n) for n in LENGTHS]
    loss = run.evaluate({"x": x, "tags": tags})["loss"]
    p = run.predict({"x": x})["p"]
    picked = [np.log(p[i, t, tag]) for i, row in enumerate(tags) for t, tag in enumerate(row)]
    close(loss, -np.mean(picked))
    shorter = [row[:1] for row in tags]  # steps without a label do not count either
    loss = run.evaluate({"x": x, "tags": shorter})["loss"]
    close(loss, -np.mean([np.log(p[i, 0, row[0]]) for i, row in enumerate(shorter) if len(row)]))
