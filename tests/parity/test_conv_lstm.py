"""Convolutional memories: outputs, states and gradients of Keras, with masks and without.

With a mask Keras is asked to unroll the loop. Its other way, a scan, broadcasts the mask
of a batch against the last axes of the states, which is an error or, where sizes agree by
chance, hides rows and columns of images. Unrolled, padding at the start gives 0 and not
the initial state, as its scan does for other layers; so with states all rows start. Nor does
it give 0 for padding inside of Bidirectional, as its scan does; so the tests do that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.runtime.run import Run
from tests.parity.harness import (
    GRADIENT_ATOL,
    GRADIENT_RTOL,
    Figure,
    close,
    floats,
    keras,
    program,
    spell,
)
from tests.parity.test_recurrent import copy_in_order

K: Any = keras.layers
VALUES, SLOPES = Figure("layer", "conv_lstm"), Figure("layer", "conv_lstm", "gradients")
CLASSES = {1: K.ConvLSTM1D, 2: K.ConvLSTM2D, 3: K.ConvLSTM3D}
STEPS, ROWS = 4, 5
SIZES = {1: (7, 2), 2: (6, 5, 2), 3: (4, 3, 5, 2)}
COUNTS = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]], bool)


class Case(NamedTuple):
    """A layer in both languages.

    Attributes:
        call: In a spec.
        layer: In Keras; it takes further arguments.
        step: The shape of a step.
        results: How many results it has.
        states: The shapes of the states that it is given.
    """

    call: str
    layer: Callable[..., keras.Layer]
    step: tuple[int, ...]
    results: int = 1
    states: tuple[tuple[int, ...], ...] = ()


def alone(rank: int, *, states: tuple[tuple[int, ...], ...] = (), **args: Any) -> Case:
    """The layer of a rank."""
    args = {"filters": 3, "kernel_size": 2, **args}
    results = 3 if args.get("return_state") else 1
    call = f"conv_lstm{rank}d({spell(args)})".replace('"', "")
    return Case(call, lambda **more: CLASSES[rank](**args | more), SIZES[rank], results, states)


def around(wrapper: str, results: int = 1, **args: Any) -> Case:
    """Two directions, over images."""
    args = {"filters": 2, "kernel_size": 3, "padding": "same", **args}
    call = f"bidirectional(conv_lstm2d({spell(args)}), {wrapper})".replace('"', "")
    mode = None if wrapper == "none" else wrapper

    def layer(**more: Any) -> keras.Layer:
        return K.Bidirectional(K.ConvLSTM2D(**args | more), merge_mode=mode)

    return Case(call, layer, SIZES[2], results)


CASES = [
    *(alone(rank) for rank in SIZES),
    *(alone(rank, strides=2, padding="same", return_sequences=True) for rank in SIZES),
    alone(1, dilation_rate=3, return_state=True, go_backwards=True),
    alone(2, dilation_rate=(2, 1), return_sequences=True, go_backwards=True),
    alone(3, kernel_size=(1, 3, 2), padding="same", return_state=True),
    alone(2, kernel_size=(3, 2), strides=(1, 2), padding="valid", return_state=True),
    alone(2, kernel_size=(2, 4), strides=(3, 2), padding="same", use_bias=False),
    alone(2, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False),
    alone(1, activation=None, return_sequences=True, unroll=True),
    alone(1, recurrent_activation=None),
    alone(1, states=((6, 3), (6, 3))),
    alone(2, padding="same", return_sequences=True, states=((6, 5, 3), (6, 5, 3))),
    around("concat"),
    around("sum", return_sequences=True),
    around("mul", 5, return_sequences=True, return_state=True),
    around("none", 2),
    Case(
        "time_distributed(conv_lstm1d(3, 2, return_sequences=true))",
        lambda: K.TimeDistributed(K.ConvLSTM1D(3, 2, return_sequences=True)),
        (5, *SIZES[1]),
    ),
]


def both(case: Case, masked: bool) -> tuple[Run, keras.Model]:
    """A program and a Keras model with the same weights."""
    lines = [f"  input x : f32{[STEPS, *case.step]}", f"  input counts : bool[{STEPS}]"]
    lines += [f"  input s{i} : f32{list(shape)}" for i, shape in enumerate(case.states)]
    extra = ["mask=counts"] if masked else []
    if case.states:
        extra.append("initial_state=(s0, s1)")
    call = f"{case.call[:-1]}{''.join(f', {each}' for each in extra)})"
    lines.append(f"  {', '.join(f'y{i}' for i in range(case.results))} = x -> {call}")
    lines += [f"  output out{i} = y{i}" for i in range(case.results)]
    run = program("\n".join(lines))
    x, counts = keras.Input((STEPS, *case.step)), keras.Input((STEPS,), dtype="bool")
    states = [keras.Input(shape) for shape in case.states]
    options: dict[str, Any] = {"initial_state": states} if states else {}
    layer = case.layer(unroll=True) if masked else case.layer()
    y = layer(x, **options, **({"mask": counts} if masked else {}))
    copy_in_order(layer, run)
    if masked and "bidirectional" in case.call and "return_sequences" in case.call:
        several = isinstance(y, (list, tuple))
        outputs, *last = y if several else [y]
        kept = keras.ops.reshape(counts, (-1, STEPS, 1, 1, 1))
        outputs = keras.ops.where(kept, outputs, 0.0)
        y = [outputs, *last] if several else outputs
    return run, keras.Model([x, counts, *states], y)


BOTH = [
    pytest.param(case, masked, id=f"{case.call} {case.states} {'masked' * masked}")
    for case in CASES
    for masked in (False, True)
    if not masked or "return_s" in case.call or case.states or "relu" in case.call
    if not masked or not case.call.startswith("time_distributed")  # its mask only goes along
]


@pytest.mark.parametrize(("case", "masked"), BOTH)
def test_outputs_and_gradients_are_those_of_keras(case: Case, masked: bool):
    run, model = both(case, masked)
    states = {f"s{i}": floats(ROWS, *each, seed=30 + i) for i, each in enumerate(case.states)}
    counts = COUNTS.copy()
    counts[:, 0] |= bool(states)
    outputs: Any = run.executable.outputs

    def ours(params: Any, x: Any) -> list[jax.Array]:
        found = outputs(params, {}, {"x": x, "counts": counts, **states})
        return [found[f"out{i}"] for i in range(case.results)]

    def theirs(weights: Any, x: Any) -> list[jax.Array]:
        fixed = [v.value for v in model.non_trainable_variables]
        given = [x, counts, *states.values()]
        found, _ = model.stateless_call(weights, fixed, given, training=False)
        return list(found) if case.results > 1 else [found]

    x = jnp.asarray(floats(ROWS, STEPS, *case.step, seed=3))
    y, pull = jax.vjp(ours, run.state["params"], x)
    y_keras, pull_keras = jax.vjp(theirs, [v.value for v in model.trainable_variables], x)
    for one, other in zip(y, y_keras, strict=True):
        close(one, other, atol=5e-6, figure=VALUES)
    seeds = [jnp.asarray(floats(*each.shape, seed=9 + i)) for i, each in enumerate(y)]
    (grads, x_grad), (k_grads, k_x_grad) = pull(seeds), pull_keras(seeds)
    close(x_grad, k_x_grad, GRADIENT_RTOL, GRADIENT_ATOL, figure=SLOPES)
    for path, gradient in zip(run.weights, k_grads, strict=True):
        leaf: Any = grads
        for part in path.split("."):
            leaf = leaf[part]
        close(leaf, gradient, GRADIENT_RTOL, GRADIENT_ATOL, figure=SLOPES)


TRAIN = "  loss = mean(square(y - target), axis=(1, 2, 3))\n  optimizer = sgd(0.1)\n  batch = 8"


def of_images(call: str) -> Run:
    """A program that trains a layer over images."""
    fields = "  x : f32[3, 6, 5, 2]\n  target : f32[5, 4, 3]"
    return program(f"  input x : f32[3, 6, 5, 2]\n  output y = x -> {call}", TRAIN, fields)


def gradient(run: Run, x: Any, seed: int = 0) -> np.ndarray:
    """The derivative of the training loss by the inputs."""
    train: Any = run.executable.train
    target = np.zeros((8, 5, 4, 3), np.float32)

    def loss(x: Any) -> Any:
        batch = {"x": x, "target": target}
        return train(run.state["params"], {}, batch, jnp.ones(8), jax.random.key(seed))[0]

    return np.asarray(jax.grad(loss)(jnp.asarray(x)))


@pytest.mark.parametrize("option", ["dropout=0.5", "recurrent_dropout=0.5"])
def test_dropout_is_drawn_once_a_sequence_and_gone_outside_of_training(option):
    run, plain = of_images(f"conv_lstm2d(3, 2, {option})"), of_images("conv_lstm2d(3, 2)")
    for path in run.weights:
        plain.weights[path] = run.weights[path]
    x = floats(8, 3, 6, 5, 2)
    close(run.predict({"x": x})["y"], plain.predict({"x": x})["y"])
    first, again, other = (gradient(run, x, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_each_gate_has_its_own_draw_of_the_inputs_the_same_at_all_steps():
    """Where all gates drop an element, at rate 0.8 in 0.41 of the places, no gradient is left.

    At the first step there is nothing to forget, so that one gate has no gradient anyway. The
    offset keeps memories from being 0 where all is dropped, for the other gates to have one.
    """
    run = of_images("conv_lstm2d(3, 2, dropout=0.8, bias_initializer=constant(0.5))")
    gone = gradient(run, floats(8, 3, 6, 5, 2)) == 0
    np.testing.assert_array_equal(gone[:, 1], gone[:, 2])
    assert abs(gone[:, 1].mean() - 0.8**4) < 5 * np.sqrt(0.41 * 0.59 / gone[:, 1].size)


def test_dropout_is_drawn_inside_of_both_wrappers():
    """Sizes are read from values that are still there: names come again in such a program."""
    cell = "conv_lstm2d(3, 2, padding=same, dropout=0.2, recurrent_dropout=0.3)"
    fields = "  x : u8[2, 3, 6, 4, 2]\n  target : f32[2, 6, 4, 6]"
    wrapped = f"time_distributed(bidirectional({cell}))"
    body = f"  input x : u8[2, 3, 6, 4, 2]\n  output y = x -> {wrapped}"
    run = program(body, TRAIN.replace("(1, 2, 3)", "(1, 2, 3, 4)"), fields)
    batch = {"x": np.ones((8, 2, 3, 6, 4, 2), np.uint8), "target": floats(8, 2, 6, 4, 6)}
    train: Any = run.executable.train
    losses = [
        float(train(run.state["params"], {}, batch, jnp.ones(8), jax.random.key(seed))[0])
        for seed in (0, 0, 1)
    ]
    assert np.isfinite(losses).all() and losses[0] == losses[1] != losses[2]


def test_regularizers_and_constraints_are_those_of_keras():
    """One step of training from the same weights."""
    options = (
        "kernel_regularizer=l2(0.3), recurrent_regularizer=l1(0.2), bias_regularizer=l2(0.1), "
        "activity_regularizer=l2(0.5), kernel_constraint=max_norm(0.5), "
        "recurrent_constraint=non_neg, bias_constraint=unit_norm"
    )
    run = of_images(f"conv_lstm2d(3, 2, {options})")
    words = ("kernel", "recurrent", "bias")
    penalties = {"kernel": ("L2", 0.3), "recurrent": ("L1", 0.2), "bias": ("L2", 0.1)}
    rules = {"kernel": ("MaxNorm", 0.5), "recurrent": ("NonNeg",), "bias": ("UnitNorm",)}
    made: dict[str, Any] = {}
    for word in words:
        made[f"{word}_regularizer"] = _made(keras.regularizers, *penalties[word])
        made[f"{word}_constraint"] = _made(keras.constraints, *rules[word])
    layer = K.ConvLSTM2D(3, 2, activity_regularizer=keras.regularizers.L2(0.5), **made)
    model = keras.Sequential([keras.Input((3, 6, 5, 2)), layer])
    copy_in_order(layer, run)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, target = floats(8, 3, 6, 5, 2), floats(8, 5, 4, 3, seed=1)
    loss = model.train_on_batch(x, target)
    state, sums = run.executable.train_step(
        run.state, {"x": x, "target": target}, np.ones(8, np.float32)
    )
    close(sums["loss"]["total"] / sums["loss"]["count"], loss)
    for variable in layer.trainable_variables:
        close(state["params"]["conv_lstm2d"][variable.name], variable, 1e-4, 1e-5)


def _made(home: Any, name: str, *args: float) -> Any:
    return getattr(home, name)(*args)


@pytest.mark.parametrize("option", ["", ", unit_forget_bias=false"])
def test_the_forget_gate_starts_open(option):
    run = of_images(f"conv_lstm2d(3, 2, bias_initializer=constant(0.5){option})")
    layer = K.ConvLSTM2D(
        3, 2, bias_initializer=keras.initializers.Constant(0.5), unit_forget_bias=not option
    )
    layer.build((None, 3, 6, 5, 2))
    close(run.weights["conv_lstm2d.bias"], layer.cell.bias)
