"""Masks of time steps: what layers make of them is what Keras' layers make of them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests.parity.harness import close, floats, keras, program
from tests.parity.layers import K

T, C = 4, 3


def padded(seed: int) -> np.ndarray:
    """Sequences with steps of zeros in other places for each seed."""
    x = floats(5, T, C, seed=seed)
    x[np.random.default_rng(seed).random((5, T)) < 0.4] = 0
    return x


MERGES = {
    "add": K.Add(),
    "multiply": K.Multiply(),
    "average": K.Average(),
    "maximum": K.Maximum(),
    "minimum": K.Minimum(),
    "concatenate(axis=1)": K.Concatenate(axis=1),
    "concatenate": K.Concatenate(),
}


@pytest.mark.parametrize("masked", ["101", "111", "011", "000"])
@pytest.mark.parametrize("call", MERGES)
def test_merging_layers_make_of_masks_what_keras_makes(call, masked):
    """Values, and by a product with steps that do not count, the mask of the result."""
    merge = MERGES[call]
    names = ("a", "b", "c")
    inputs = [keras.Input((T, C), name=name) for name in names]
    sides = [K.Masking()(x) if flag == "1" else x for x, flag in zip(inputs, masked, strict=True)]
    merged = merge(sides)
    nothing = keras.Input(merged.shape[1:], name="nothing")
    probe = K.Multiply()([merged, K.Masking()(nothing)])
    model = keras.Model([*inputs, nothing], [merged, probe])
    shape = list(merged.shape[1:])
    parts = ", ".join(
        f"{name} -> masking" if flag == "1" else name
        for name, flag in zip(names, masked, strict=True)
    )
    run = program(
        f"  input a, b, c : f32[{T}, {C}]\n  input nothing : f32{shape}\n"
        f"  output merged = {call.split('(')[0]}({parts}"
        f"{', axis=1' if 'axis' in call else ''})\n"
        "  output probe = multiply(merged, nothing -> masking)"
    )
    batch = {name: padded(seed) for seed, name in enumerate(names)}
    batch["nothing"] = np.zeros((5, *shape), np.float32)
    outputs: Any = run.executable.outputs
    ours = outputs(run.state["params"], run.state["stats"], batch)
    theirs = model([batch[name] for name in (*names, "nothing")])
    for name, value in zip(("merged", "probe"), theirs, strict=True):
        close(ours[name], value)


def test_masking_gives_zeros_and_the_mask_of_keras():
    x = padded(0)
    x[0, 0] = 7
    inputs = keras.Input((T, C))
    masked = K.Masking(7)(inputs)
    model = keras.Model(inputs, K.Multiply()([masked, K.Masking(7)(inputs)]))
    run = program(
        f"  input x : f32[{T}, {C}]\n  output y = multiply(x -> masking(7), x -> masking(7))"
    )
    outputs: Any = run.executable.outputs
    close(outputs({}, {}, {"x": x})["y"], model(x))


@pytest.mark.parametrize("shape", [(T, C), (1, C), (T, 1)])
@pytest.mark.parametrize("kind", ["bool", "f32"])
def test_softmax_leaves_masked_elements_out_as_keras_does(shape, kind):
    x, mask = floats(5, T, C), np.random.default_rng(1).random((5, *shape)) < 0.6
    mask[0] = False
    given = mask if kind == "bool" else mask.astype(np.float32)
    run = program(
        f"  input x : f32[{T}, {C}]\n  input m : {kind}{list(shape)}\n"
        "  output y = x -> softmax(mask=m)"
    )
    outputs: Any = run.executable.outputs
    close(outputs({}, {}, {"x": x, "m": given})["y"], K.Softmax()(x, mask=jnp.asarray(given)))
