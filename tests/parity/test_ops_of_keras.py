"""Ops of expressions: values and slopes of `keras.ops`, over every argument."""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import GRADIENT_ATOL, close, floats, keras, program

k: Any = keras.ops
X = floats(4, 5, 6)
Z = floats(4, 5, 6, seed=1)
IDS = np.random.default_rng(0).integers(0, 7, (4, 5)).astype(np.int32)
UNARY = "abs negative sign square exp expm1 sin cos erf floor ceil round stop_gradient"
EXAMPLE = (1, 2)  # the axes of one example: what kspec's reductions go over by default
REDUCED: dict[str, dict[str, Any]] = {
    "": {"axis": EXAMPLE},
    ", axis=-1": {"axis": -1},
    ", axis=1, keepdims=true": {"axis": 1, "keepdims": True},
    ", axis=(1, 2), keepdims=true": {"axis": (1, 2), "keepdims": True},
}

# expression -> the same in Keras. `x` and `z` are f32[B,5,6], `i` is i32[B,5].
CASES: dict[str, Any] = {
    **{f"{name}(x)": getattr(k, name, None) for name in UNARY.split() if name != "stop_gradient"},
    "stop_gradient(x)": k.stop_gradient,
    "abs(i)": lambda x: k.abs(IDS),
    "exp(i)": lambda x: k.exp(k.cast(IDS, "float32")),
    **{
        f"{name}(abs(x) + 0.1)": lambda x, name=name: getattr(k, name)(k.abs(x) + 0.1)
        for name in ("log", "log1p", "sqrt", "rsqrt")
    },
    "maximum(x, z)": lambda x: k.maximum(x, Z),
    "maximum(x, 0)": lambda x: k.maximum(x, 0),
    "minimum(0.5, x)": lambda x: k.minimum(0.5, x),
    "x -> minimum(z)": lambda x: k.minimum(x, Z),
    "divide_no_nan(x, maximum(z, 0))": lambda x: k.divide_no_nan(x, k.maximum(Z, 0)),
    "where(z > 0, x, 0)": lambda x: k.where(Z > 0, x, 0),
    "where(z > 0, 1, 0.5) * x": lambda x: k.where(Z > 0, 1.0, 0.5) * x,
    "clip(x, -0.5, x_max=0.5)": lambda x: k.clip(x, -0.5, 0.5),
    "cast(x * 3, \"i32\") * x": lambda x: k.cast(x * 3, "int32") * x,
    "one_hot(i, 7)": lambda x: k.one_hot(IDS, 7),
    **{
        f"{name}(x{args})": lambda x, name=name, options=options: getattr(k, name)(x, **options)
        for name in ("sum", "max", "min", "mean", "var", "std", "logsumexp", "norm")
        for args, options in REDUCED.items()
        if name != "norm" or options["axis"] != EXAMPLE
    },
    "norm(x)": lambda x: k.sqrt(k.sum(k.square(x), axis=EXAMPLE)),
    "norm(x, axis=(1, 2), keepdims=true)": lambda x: k.norm(x, axis=(1, 2), keepdims=True),
    "norm(x, ord=1, axis=2)": lambda x: k.norm(x, ord=1, axis=2),
    "sum(x > 0, axis=1)": lambda x: k.sum(k.cast(x > 0, "int32"), axis=1),
    "mean(i, axis=1)": lambda x: k.mean(k.cast(IDS, "float32"), axis=1),
    "argmax(x)": lambda x: k.argmax(x, axis=-1),
    "argmax(x, axis=1)": lambda x: k.argmax(x, axis=1),
    "expand_dims(x, 1)": lambda x: k.expand_dims(x, 1),
    "expand_dims(x, axis=-1)": lambda x: k.expand_dims(x, -1),
    "squeeze(expand_dims(x, 2), axis=2)": lambda x: x,
    "transpose(x, (0, 2, 1))": lambda x: k.transpose(x, (0, 2, 1)),
    "x[0]": lambda x: x[:, 0],
    "x[-1, 2:]": lambda x: x[:, -1, 2:],
    "x[..., ::-2]": lambda x: x[..., ::-2],
    "x[1:4][0:2, 3]": lambda x: x[:, 1:4][:, 0:2, 3],
}  # fmt: skip


def test_every_op_and_every_argument_is_tried():
    text = " ".join(CASES)
    for name, cls in names("op").items():
        assert re.search(rf"\b{name}\(", text), name
        for arg in cls.args:
            calls = re.findall(rf"\b{name}\([^\n]*", text)
            assert arg.required or any(f"{arg.name}=" in call for call in calls), (name, arg.name)


@pytest.mark.parametrize("expression", CASES)
def test_values_and_slopes_are_those_of_keras(expression: str):
    theirs = CASES[expression]
    inputs = {"x": X, "z": Z, "i": IDS}
    body = "  input x, z : f32[5, 6]\n  input i : i32[5]\n"
    run = program(f"{body}  output y = {expression}")
    outputs: Any = run.executable.outputs
    used = {name: value for name, value in inputs.items() if name in run.bundle.plan.inputs}
    y, pull = jax.vjp(lambda x: outputs({}, {}, {**used, "x": x})["y"], X)
    y_keras, pull_keras = jax.vjp(lambda x: jnp.asarray(theirs(x)), X)
    close(y, y_keras)
    assert y.shape == y_keras.shape
    if jnp.issubdtype(y.dtype, jnp.floating):
        seed = floats(*y.shape, seed=2)
        close(pull(seed)[0], pull_keras(seed)[0], 1e-4, GRADIENT_ATOL)
