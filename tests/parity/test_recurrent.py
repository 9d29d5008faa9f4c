"""Recurrent layers: outputs, states and gradients of Keras, with masks and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from kspec.runtime.run import Run
from tests.parity.harness import (
    GRADIENT_ATOL,
    GRADIENT_RTOL,
    Figure,
    close,
    floats,
    keras,
    program,
)

K: Any = keras.layers
VALUES, SLOPES = Figure("layer", "recurrent"), Figure("layer", "recurrent", "gradients")
STEPS, FEATURES, ROWS = 5, 3, 4
TOKENS = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 0, 0], [0, 0, 4, 0, 2], [0, 0, 0, 0, 0]], np.int32)


class Case(NamedTuple):
    """A layer in both languages.

    Attributes:
        call: In a spec.
        layer: In Keras.
        results: How many results it has.
        states: The sizes of the states that it is given.
    """

    call: str
    layer: Callable[[], keras.Layer]
    results: int = 1
    states: tuple[int, ...] = ()


def grid(name: str, cls: Any, states: int) -> list[Case]:
    """The options that all recurrent layers have."""
    return [
        Case(f"{name}(4)", lambda: cls(4)),
        Case(f"{name}(4, return_sequences=true)", lambda: cls(4, return_sequences=True)),
        Case(f"{name}(4, go_backwards=true)", lambda: cls(4, go_backwards=True)),
        Case(
            f"{name}(4, return_sequences=true, go_backwards=true, unroll=true)",
            lambda: cls(4, return_sequences=True, go_backwards=True, unroll=True),
        ),
        Case(
            f"{name}(4, return_state=true, use_bias=false)",
            lambda: cls(4, return_state=True, use_bias=False),
            1 + states,
        ),
        Case(f"{name}(4, relu)", lambda: cls(4, "relu"), states=(4,) * states),
    ]


CASES = [
    *grid("simple_rnn", K.SimpleRNN, 1),
    *grid("lstm", K.LSTM, 2),
    *grid("gru", K.GRU, 1),
    Case("lstm(4, recurrent_activation=hard_sigmoid)", lambda: K.LSTM(4, "tanh", "hard_sigmoid")),
    Case("lstm(4, unit_forget_bias=false)", lambda: K.LSTM(4, unit_forget_bias=False)),
    Case("gru(4, reset_after=false)", lambda: K.GRU(4, reset_after=False)),
    Case(
        "gru(4, reset_after=false, use_bias=false)",
        lambda: K.GRU(4, reset_after=False, use_bias=False),
    ),
    Case("rnn(lstm_cell(4))", lambda: K.RNN(K.LSTMCell(4))),
    Case(
        "rnn([gru_cell(4), simple_rnn_cell(2)], return_sequences=true)",
        lambda: K.RNN([K.GRUCell(4), K.SimpleRNNCell(2)], return_sequences=True),
    ),
    Case(
        "rnn(stacked_rnn_cells([lstm_cell(4), lstm_cell(2)]))",
        lambda: K.RNN(K.StackedRNNCells([K.LSTMCell(4), K.LSTMCell(2)])),
    ),
    Case(
        "rnn(gru_cell(4), zero_output_for_mask=true)",
        lambda: K.RNN(K.GRUCell(4), zero_output_for_mask=True),
    ),
    Case("bidirectional(lstm(4))", lambda: K.Bidirectional(K.LSTM(4))),
    Case(
        "bidirectional(gru(4, return_sequences=true), merge_mode=sum)",
        lambda: K.Bidirectional(K.GRU(4, return_sequences=True), merge_mode="sum"),
    ),
    Case(
        "bidirectional(lstm(4, return_sequences=true, return_state=true), mul)",
        lambda: K.Bidirectional(
            K.LSTM(4, return_sequences=True, return_state=True), merge_mode="mul"
        ),
        5,
    ),
    Case("bidirectional(gru(4), none)", lambda: K.Bidirectional(K.GRU(4), merge_mode=None), 2),
    Case(
        "bidirectional(gru(4), ave, backward_layer=simple_rnn(4, go_backwards=true))",
        lambda: K.Bidirectional(
            K.GRU(4),
            merge_mode="ave",
            backward_layer=K.SimpleRNN(4, go_backwards=True),
        ),
    ),
    Case("bidirectional(lstm(4))", lambda: K.Bidirectional(K.LSTM(4)), states=(4, 4, 4, 4)),
    Case("time_distributed(dense(2, relu))", lambda: K.TimeDistributed(K.Dense(2, "relu"))),
]


def copy_in_order(layer: keras.Layer, run: Run, paths: list[str] | None = None) -> None:
    """Random weights for both, in the order in which both have them."""
    if paths is None:
        paths = [path for path in run.weights if not path.startswith("embedding")]
    variables = [v for v in layer.trainable_variables]
    assert len(paths) == len(variables)
    for index, (path, variable) in enumerate(zip(paths, variables, strict=True)):
        assert path.rsplit(".", 1)[-1] == variable.name, (path, variable.path)
        value = 0.5 * floats(*variable.shape, seed=100 + index)
        variable.assign(value)
        run.weights[path] = value


def both(case: Case, masked: bool) -> tuple[Run, keras.Model]:
    """A program and a Keras model with the same weights."""
    inputs = [f"  input s{i} : f32[{size}]" for i, size in enumerate(case.states)]
    lines = ["  input tokens : i32[5]", f"  input x : f32[{STEPS}, {FEATURES}]", *inputs]
    lines.append('  e = tokens -> embedding(9, 3, name="embedding")')
    extra = ["mask=tokens != 0"] if masked else []
    if case.states:
        given = ", ".join(f"s{i}" for i in range(len(case.states)))
        extra.append(f"initial_state=({given},)")
    call = f"{case.call[:-1]}{''.join(f', {each}' for each in extra)})"
    made = ", ".join(f"y{i}" for i in range(case.results))
    lines.append(f"  {made} = (e + x) -> {call}")
    lines += [f"  output out{i} = y{i}" for i in range(case.results)]
    text = "\n".join(lines)
    run = program(text)
    tokens = keras.Input((5,), dtype="int32")
    x = keras.Input((STEPS, FEATURES))
    states = [keras.Input((size,)) for size in case.states]
    e = K.Embedding(9, 3, name="words")(tokens)
    layer = case.layer()
    mask = {"mask": keras.ops.not_equal(tokens, 0)} if masked else {}
    options = {"initial_state": states} if states else {}
    y = layer(keras.ops.add(e, x), **options, **mask)
    model = keras.Model([tokens, x, *states], y)
    copy_in_order(layer, run)
    table = floats(9, 3, seed=7)
    model.get_layer("words").set_weights([table])
    run.weights["embedding.embeddings"] = table
    return run, model


def values(case: Case) -> dict[str, np.ndarray]:
    """The inputs."""
    given = {f"s{i}": floats(ROWS, size, seed=30 + i) for i, size in enumerate(case.states)}
    return {"tokens": TOKENS, "x": floats(ROWS, STEPS, FEATURES, seed=3), **given}


BOTH = [
    pytest.param(case, masked, id=f"{case.call} {case.states} {'masked' * masked}")
    for case in CASES
    for masked in (False, True)
    if not masked or not case.call.startswith("time_distributed")  # its mask only goes along
]


@pytest.mark.parametrize(("case", "masked"), BOTH)
def test_outputs_and_gradients_are_those_of_keras(case: Case, masked: bool):
    run, model = both(case, masked)
    batch = values(case)
    outputs: Any = run.executable.outputs

    def ours(params: Any, x: Any) -> list[jax.Array]:
        found = outputs(params, run.state["stats"], {**batch, "x": x})
        return [found[f"out{i}"] for i in range(case.results)]

    def theirs(weights: Any, x: Any) -> list[jax.Array]:
        given = [batch["tokens"], x, *(batch[f"s{i}"] for i in range(len(case.states)))]
        fixed = [v.value for v in model.non_trainable_variables]
        found, _ = model.stateless_call(weights, fixed, given, training=False)
        return list(found) if case.results > 1 else [found]

    x = jnp.asarray(batch["x"])
    y, pull = jax.vjp(ours, run.state["params"], x)
    y_keras, pull_keras = jax.vjp(theirs, [v.value for v in model.trainable_variables], x)
    for one, other in zip(y, y_keras, strict=True):
        close(one, other, figure=VALUES)
    seeds = [jnp.asarray(floats(*each.shape, seed=9 + i)) for i, each in enumerate(y)]
    (grads, x_grad), (k_grads, k_x_grad) = pull(seeds), pull_keras(seeds)
    close(x_grad, k_x_grad, GRADIENT_RTOL, GRADIENT_ATOL, figure=SLOPES)
    state = {**run.state, "params": grads}
    paths = list(run.weights)
    for path, gradient in zip(paths, k_grads, strict=True):
        leaf: Any = state["params"]
        for part in path.split("."):
            leaf = leaf[part]
        close(leaf, gradient, GRADIENT_RTOL, GRADIENT_ATOL, figure=SLOPES)


@pytest.mark.parametrize(
    ("name", "cls", "states"),
    [("simple_rnn", K.SimpleRNNCell, 1), ("lstm", K.LSTMCell, 2), ("gru", K.GRUCell, 1)],
)
def test_a_cell_alone_is_that_of_keras(name, cls, states):
    inputs = "\n".join(f"  input s{i} : f32[4]" for i in range(states))
    operands = ", ".join(["x", *(f"s{i}" for i in range(states))])
    run = program(
        f"  input x : f32[3]\n{inputs}\n  y, {operands[3:].replace('s', 'n')} = "
        f"({operands}) -> {name}_cell(4)\n  output out = y"
        + "".join(f"\n  output new{i} = n{i}" for i in range(states))
    )
    cell = cls(4)
    cell.build((None, 3))
    copy_in_order(cell, run)
    given = [floats(ROWS, 4, seed=i) for i in range(states)]
    x = floats(ROWS, 3)
    batch = {"x": x, **{f"s{i}": each for i, each in enumerate(given)}}
    found = run.executable.outputs(run.state["params"], {}, batch)
    y, new = cell(x, given)
    close(found["out"], y)
    for i, each in enumerate(new):
        close(found[f"new{i}"], each)


TRAIN = "  loss = mean(square(y - target))\n  optimizer = sgd(0.1)\n  batch = 8"


@pytest.mark.parametrize("name", ["simple_rnn", "lstm", "gru"])
def test_dropout_is_drawn_once_a_sequence_and_gone_outside_of_training(name):
    """Inputs and states lose the same share at all steps; the mean is kept."""
    call = f"{name}(4, dropout=0.5, recurrent_dropout=0.25)"
    fields = "  x : f32[6, 3]\n  target : f32[4]"
    run = program(f"  input x : f32[6, 3]\n  output y = x -> {call}", TRAIN, fields)
    plain = program(f"  input x : f32[6, 3]\n  output y = x -> {name}(4)", TRAIN, fields)
    for path in run.weights:
        plain.weights[path] = run.weights[path]
    x = floats(8, 6, 3)
    for each in (run, plain):
        close(each.predict({"x": x})["y"], plain.predict({"x": x})["y"])
    target = floats(8, 4, seed=5)
    train: Any = run.executable.train
    state, key = run.state, jax.random.key
    batch = {"x": x, "target": target}
    losses = [
        float(train(state["params"], {}, batch, jnp.ones(8), key(seed))[0]) for seed in (0, 0, 1)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_time_distributed_draws_anew_at_each_step():
    fields = "  x : f32[50, 40]\n  target : f32[50, 40]"
    train = TRAIN.replace("square(y - target)", "square(y - target), axis=(1, 2)")
    run = program(
        "  input x : f32[50, 40]\n  output y = x -> time_distributed(dropout(0.5))", train, fields
    )
    ones = np.ones((8, 50, 40), np.float32)

    def loss(x: Any) -> Any:
        batch = {"x": x, "target": np.zeros_like(ones)}
        function: Any = run.executable.train
        return function({}, {}, batch, jnp.ones(8), jax.random.key(1))[0]

    kept = np.asarray(jax.grad(loss)(jnp.asarray(ones))) != 0
    assert 0.4 < kept.mean() < 0.6
    assert not np.array_equal(kept[:, 0], kept[:, 1])


@pytest.mark.parametrize("option", ["", ", unit_forget_bias=false"])
def test_the_forget_gate_of_an_lstm_starts_open(option):
    call = f"lstm(4, bias_initializer=constant(0.5){option})"
    run = program(f"  input x : f32[5, 3]\n  output y = x -> {call}")
    layer = K.LSTM(
        4, bias_initializer=keras.initializers.Constant(0.5), unit_forget_bias=not option
    )
    layer.build((None, 5, 3))
    close(run.weights["lstm.bias"], layer.cell.bias)


def test_every_recurrent_layer_is_tried():
    tried = " ".join(case.call for case in CASES)
    for name in ("simple_rnn", "lstm", "gru", "rnn", "bidirectional", "time_distributed"):
        assert name in names("layer") and f"{name}(" in tried
