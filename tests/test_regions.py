"""Ops with a body: their types, their text, what passes do to them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from kspec.codegen.module import generate
from kspec.ir import (
    Builder,
    Func,
    InvalidIR,
    Module,
    Op,
    TensorType,
    TypeRuleError,
    Value,
    read,
    show,
    verify,
)
from kspec.passes import optimize
from tests.parity.harness import floats

X = TensorType("f32", ("B", 5, 4))


def running_sum(b: Builder, x: Value) -> tuple[Value, ...]:
    """The sums of the steps so far, and the last one; a constant and a weight are captured."""
    xs = b.op("transpose", x, permutation=(1, 0, 2))
    start = b.op("multiply", b.op("index", xs, items=(0, (None,) * 3, (None,) * 3)), ZERO(b))
    two = b.op("exp", start, hint="two")

    def step(carries: tuple[Value, ...], slices: tuple[Value, ...]) -> Any:
        twice = b.op("multiply", slices[0], b.constant(2.0))
        same = b.op("exp", start)  # as `two`, which is there already
        total = b.op("add", carries[0], b.op("multiply", twice, same))
        b.op("tanh", total)  # of no use
        return [total], [b.op("negative", total)]

    (last,), (sums,) = b.scan(step, [start], [xs], hints=("total", "x"))
    return b.op("add", last, two), b.op("transpose", sums, permutation=(1, 0, 2))


def ZERO(b: Builder) -> Value:
    """A constant 0."""
    return b.constant(0.0)


def relu_each(b: Builder, x: Value) -> tuple[Value, ...]:
    """A map over time steps."""
    return b.map(lambda each: [b.op("relu", each), b.op("sum", each, axis=(1,))], [x], 1)


def module(write: Callable[[Builder, Value], tuple[Value, ...]]) -> Module:
    """A model of one input."""
    b = Builder()
    x = b.fresh("x", X)
    results = write(b, x)
    returns = tuple((f"output.y{i}", value) for i, value in enumerate(results))
    return Module("m", (), (Func("graph", (x,), tuple(b.ops), returns),))


def compute(made: Module, x: np.ndarray) -> dict[str, np.ndarray]:
    """What the generated file computes."""
    text = generate(made, "m.kspec")
    namespace: dict[str, Any] = {}
    exec(compile(text, "m.py", "exec"), namespace)
    return namespace["outputs"]({}, {}, {"x": x})


@pytest.mark.parametrize("write", [running_sum, relu_each])
def test_the_text_reads_back(write):
    made = module(write)
    verify(made)
    assert show(read(show(made))) == show(made)
    verify(read(show(made)))


@pytest.mark.parametrize("write", [running_sum, relu_each])
def test_names_are_distinct_after_the_passes(write):
    verify(optimize(module(write)))


def test_a_scan_computes_what_it_says():
    x = floats(3, 5, 4)
    found = compute(optimize(module(running_sum)), x)
    sums = np.cumsum(2 * x, axis=1)
    np.testing.assert_allclose(found["y0"], sums[:, -1] + 1, rtol=1e-5)
    np.testing.assert_allclose(found["y1"], -sums, rtol=1e-5)


def test_a_map_computes_what_it_says():
    x = floats(3, 5, 4)
    found = compute(optimize(module(relu_each)), x)
    np.testing.assert_allclose(found["y0"], np.maximum(x, 0))
    np.testing.assert_allclose(found["y1"], x.sum(-1), rtol=1e-5)
    assert found["y1"].shape == (3, 5)


def test_passes_clean_bodies_up_and_take_what_is_there():
    text = show(optimize(module(running_sum)))
    assert "tanh" not in text
    assert text.count(" exp(") == 1


def test_equal_ops_of_two_bodies_stay_in_each():
    def both(b: Builder, x: Value) -> tuple[Value, ...]:
        ways = [b.map(lambda each: [b.op("relu", x), each], [x], 1)[0] for _ in range(2)]
        return (b.op("add", *ways),)

    verify(optimize(module(both)))


def test_a_body_that_changes_what_it_carries_is_refused():
    b = Builder()
    x = b.fresh("x", X)
    start = b.op("sum", x, axis=(1,))
    with pytest.raises(TypeRuleError, match="keep its type"):
        b.scan(lambda c, s: ([b.op("sum", c[0], axis=(1,))], []), [start], [start])


def test_what_a_body_defines_is_unknown_around_it():
    made = module(relu_each)
    (graph,) = made.funcs
    inner = graph.ops[-1].body
    assert inner is not None
    wrong = Op("relu", (inner.ops[0].result,), (Value("w", X.with_shape(("B", 4))),))
    with pytest.raises(InvalidIR, match="used before it is defined"):
        verify(Module("m", (), (graph.with_ops((*graph.ops, wrong)),)))


def test_the_sums_of_a_scan_of_symbolic_length():
    b = Builder()
    x = b.fresh("x", TensorType("f32", ("B", "T", 4)))
    xs = b.op("transpose", x, permutation=(1, 0, 2))
    start = b.op("sum", x, axis=(1,))
    (last,), _ = b.scan(lambda c, s: ([b.op("add", c[0], s[0])], []), [start], [xs])
    made = Module("m", (), (Func("graph", (x,), tuple(b.ops), (("output.y0", last),)),))
    x_value = floats(3, 7, 4)
    found = compute(optimize(made), x_value)["y0"]
    np.testing.assert_allclose(found, 2 * jnp.sum(x_value, 1), rtol=1e-5)
