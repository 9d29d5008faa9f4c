"""Layers through their kernels compute what they compute step by step: `unroll=true`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.runtime.run import Run
from tests.parity.harness import floats, program

CALLS = [
    ("time_distributed({})", "lstm(4, {})", "f32[6, 5, 3]"),
    ("time_distributed({})", "gru(4, go_backwards=true, {})", "f32[6, 5, 3]"),
    ("bidirectional({}, mask=m > 0)", "lstm(4, return_sequences=true, {})", "f32[5, 3]"),
    ("{}", "gru(4, return_sequences=true, go_backwards=true, mask=m > 0, {})", "f32[5, 3]"),
    ("rnn({}, zero_output_for_mask=true, mask=m > 0, {})", "lstm_cell(4)", "f32[5, 3]"),
    ("rnn({}, go_backwards=true, zero_output_for_mask=true, mask=m > 0, {})", "gru_cell(4)", ""),
]
MASK = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 1, 0, 0]], np.float32)


def run_of(outer: str, inner: str, type: str, unroll: bool) -> Run:
    """A program with the layer; the options stand in the inner or in the outer call."""
    option = f"unroll={str(unroll).lower()}"
    call = outer.format(inner.format(option), option)
    mask = "  input m : f32[5]\n" if "mask" in call else ""
    return program(f"{mask}  input x : {type or 'f32[5, 3]'}\n  output y = x -> {call}")


@pytest.mark.parametrize(("outer", "inner", "type"), CALLS)
def test_values_and_gradients_are_those_of_the_loop(outer, inner, type):
    runs = [run_of(outer, inner, type, unroll) for unroll in (False, True)]
    assert ["custom_vjp" in run.bundle.python for run in runs] == [True, False]
    shape = [4, *runs[0].bundle.plan.inputs["x"].shape[1:]]
    x, batch = jnp.asarray(floats(*map(int, shape), seed=1)), {"m": MASK}
    found = []
    for run in runs:
        for path in run.weights:
            run.weights[path] = runs[0].weights[path]
        outputs: Any = run.executable.outputs

        def loss(params: Any, x: Any, outputs: Any = outputs) -> Any:
            return jnp.sum(jnp.sin(outputs(params, {}, {**batch, "x": x})["y"]))

        found.append(jax.jit(jax.value_and_grad(loss, (0, 1)))(run.state["params"], x))
    for one, other in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
