"""Attention by functions of kspec's own: values and gradients are XLA's."""

from __future__ import annotations

import shutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.kernels import attention_native as module
from kspec.kernels.attention_native import attention_native, reference
from kspec.runtime import libraries, native

COMPILER = any(map(shutil.which, libraries.COMPILERS))
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")

TOLERANCE = {"float32": 1e-5, "float64": 1e-12, "bfloat16": 0.06}
# Queries, keys, heads, heads of the keys, size: around the sizes of vectors, bands and blocks.
SHAPES = [
    *(
        (1, 1, 1, 1, 1),
        (2, 3, 2, 1, 3),
        (13, 16, 3, 3, 16),
        (29, 17, 4, 2, 33),
        (128, 128, 2, 2, 64),
    ),
    *((129, 127, 2, 1, 8), (31, 300, 1, 1, 17), (300, 33, 2, 2, 5)),
]


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the functions."""
    assert native.library("attention_native")
    monkeypatch.setattr(module, "ATTENTION_NATIVE", True)


def drawn(steps: int, keys: int, heads: int, shared: int, size: int, batch: int = 2) -> list[Any]:
    """A query, a key, a value, and the gradient of the result."""
    rng = np.random.default_rng(0)
    key, query = (batch, keys, shared, size), (batch, steps, heads, size)
    shapes = (query, key, key, query)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]


def hidden(*shape: int) -> Any:
    """A mask."""
    return jnp.asarray(np.random.default_rng(1).random(shape) > 0.4)


def pulled(function: Any, arrays: list[Any], mask: Any = None, causal: bool = False) -> list[Any]:
    """The result, and the gradients."""

    def both(query: Any, key: Any, value: Any, slope: Any) -> Any:
        def attention(*operands: Any) -> Any:
            return function(*operands, mask, scale=0.3, is_causal=causal)

        y, pull = jax.vjp(attention, query, key, value)
        return y, *pull(slope)

    return list(jax.jit(both)(*arrays))


def near(ours: list[Any], theirs: list[Any], dtype: str = "float32") -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == dtype and one.shape == other.shape
        scale = max(1.0, float(jnp.abs(other).max(initial=1)))
        error = float(jnp.abs(one.astype(other.dtype) - other).max(initial=0))
        assert error <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("causal", [False, True])
def test_values_and_gradients_are_those_of_the_reference(functions, shape, causal):
    arrays = drawn(*shape)
    near(pulled(attention_native, arrays, None, causal), pulled(reference, arrays, None, causal))


@pytest.mark.parametrize(
    "axes", [(0, 0, 0, 0), (1, 1, 1, 1), (1, 0, 1, 1), (0, 1, 0, 1), (1, 0, 1, 0)]
)
def test_masks_with_and_without_each_axis(functions, axes):
    causal = axes[0] == axes[1]
    full = (2, 4, 30, 37)
    mask = hidden(*(size if whole else 1 for size, whole in zip(full, axes, strict=True)))
    arrays = drawn(30, 37, 4, 2, 6)
    near(pulled(attention_native, arrays, mask, causal), pulled(reference, arrays, mask, causal))


@pytest.mark.parametrize("causal", [False, True])
def test_where_all_is_masked_it_is_the_mean_of_the_values(functions, causal):
    arrays = drawn(20, 150, 2, 1, 4)
    mask = hidden(2, 1, 20, 150).at[1].set(False).at[0, 0, 3].set(False)
    ours = pulled(attention_native, arrays, mask, causal)
    near(ours, pulled(reference, arrays, mask, causal))
    np.testing.assert_allclose(ours[0][1, 0, 0], arrays[2][1, :, 0].mean(0), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_types_are_computed_by_xla(functions, dtype):
    with jax.enable_x64(dtype == "float64"):
        arrays = [each.astype(dtype) for each in drawn(5, 5, 4, 2, 3)]
        near(
            pulled(attention_native, arrays, hidden(2, 1, 5, 5), True),
            pulled(reference, arrays, hidden(2, 1, 5, 5), True),
            dtype,
        )


def test_without_the_functions_it_is_xlas():
    arrays = drawn(7, 5, 4, 2, 3)
    for one, other in zip(pulled(attention_native, arrays), pulled(reference, arrays), strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_is_computed_of_nothing(functions):
    for arrays in (drawn(3, 3, 2, 2, 4, batch=0), drawn(0, 3, 2, 2, 4), drawn(3, 0, 2, 2, 4)):
        near(pulled(attention_native, arrays), pulled(reference, arrays))


def test_values_may_be_of_another_size(functions):
    arrays = drawn(150, 140, 4, 2, 40)
    small = arrays[2][..., :7], arrays[3][..., :7]
    arrays[2:] = (jnp.pad(each, [(0, 0)] * 3 + [(0, 33)]) for each in small)
    theirs = pulled(reference, arrays)
    ours = pulled(attention_native, [*arrays[:2], *small])
    near(ours, [theirs[0][..., :7], *theirs[1:3], theirs[3][..., :7]])


def test_what_is_not_finite_stays_so(functions):
    query, key, value, slope = drawn(9, 9, 2, 2, 4)
    query = query.at[0, 2, 0, 0].set(jnp.inf).at[0, 4, 1, 0].set(jnp.nan)
    key = key.at[1, 3, 0, 0].set(-jnp.inf)
    value = value.at[1, 5, 1, 0].set(jnp.nan)
    ours, theirs = (pulled(f, [query, key, value, slope]) for f in (attention_native, reference))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(jnp.isfinite(one), jnp.isfinite(other))


@pytest.mark.parametrize("size", [1e2, 1e15])
def test_large_scores(functions, size):
    arrays = drawn(40, 200, 2, 2, 8)
    arrays[0] = arrays[0] * size
    near(pulled(attention_native, arrays)[:1], pulled(reference, arrays)[:1])


def test_it_is_as_exact_as_xlas(functions):
    arrays = drawn(128, 128, 2, 2, 64)
    with jax.enable_x64(True):
        exact = pulled(reference, [each.astype(jnp.float64) for each in arrays], None, True)
        exact = [np.asarray(each) for each in exact]
    ours, theirs = (pulled(f, arrays, None, True) for f in (attention_native, reference))
    for one, other, right in zip(ours, theirs, exact, strict=True):
        error, own = (float(np.abs(np.asarray(e) - right).mean()) for e in (other, one))
        assert own <= 2 * error


def test_the_same_bits_each_time(functions):
    arrays = drawn(70, 140, 4, 2, 20)
    first = pulled(attention_native, arrays, None, True)
    for _ in range(20):
        for one, other in zip(pulled(attention_native, arrays, None, True), first, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mask", [None, hidden(1, 1, 4, 5)])
def test_gradients_of_gradients_and_vmap(functions, mask):
    arrays = [jnp.stack([each, each + 0.5]) for each in drawn(4, 5, 2, 1, 3)[:3]]

    def twice(function: Any) -> Any:
        def loss(*arrays: Any) -> Any:
            def step(*arrays: Any) -> Any:
                def square(*operands: Any) -> Any:
                    return (function(*operands, mask, scale=0.3) ** 2).sum()

                return jax.grad(square, (0, 1, 2))(*arrays)

            return sum((each**2).sum() for each in jax.vmap(step)(*arrays))

        return jax.jit(jax.grad(loss, (0, 1, 2)))(*arrays)

    for one, other in zip(twice(attention_native), twice(reference), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_arrays_of_no_attention_are_refused(functions):
    query, key, value, slope = drawn(5, 6, 4, 2, 3)
    none, sums = jnp.ones((0, 0, 0, 0), bool), jnp.ones((2, 4, 5))
    where = {"causal": False, "scale": np.float32(1)}

    def call(name: str, results: list[Any], *operands: Any) -> None:
        shapes = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in results]
        with pytest.raises(jax.errors.JaxRuntimeError, match="not of one attention"):
            jax.block_until_ready(jax.ffi.ffi_call(name, shapes)(*operands, **where))

    for changed in (
        *((query[:1], key, value, none), (query[..., :2], key, value, none)),
        *((query, key[:, :5], value, none), (query, key, value[..., 0], none)),
        *((query[:, :, :3], key, value, none), (query, key, value, hidden(2, 1, 5, 5))),
        *((query, key, value, hidden(5, 6)), (query, key, value, hidden(1, 4, 1, 6, 1))),
    ):
        call("kspec_attention", [query, sums], *changed)
        call("kspec_attention_gradients", [query, key, value], *changed, sums, query, slope)
    right = (query, key, value, none)
    call("kspec_attention", [query, sums[:1]], *right)
    call("kspec_attention", [query[:, :4], sums], *right)
    for back in ((sums, query, slope[:1]), (sums[:, :2], query, slope), (sums, query[:1], slope)):
        call("kspec_attention_gradients", [query, key, value], *right, *back)
    call("kspec_attention_gradients", [query, key[:1], value], *right, sums, query, slope)
