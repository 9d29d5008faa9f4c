"""Every recurrent kernel against its reference: values and gradients, over shapes and options."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec.kernels
from kspec.codegen.helpers import helper_texts
from kspec.ir.ops.recurrent import PLAIN
from kspec.ir.rules import OPS
from tests.kernels import recurrent
from tests.kernels.recurrent import Case

KERNELS = list(PLAIN)
OPTIONS = list(product((False, True), repeat=4))  # bias, states, mask, reverse
TOLERANCE = {"float32": 2e-5, "float64": 1e-11, "bfloat16": 0.06}


class Pair(NamedTuple):
    """A kernel and its reference, as functions of arrays: those with gradients, then the mask."""

    kernel: Callable[..., Any]
    reference: Callable[..., Any]


def pair(case: Case) -> Pair:
    """Both for a case."""
    module = importlib.import_module(f"kspec.kernels.{case.kernel}")
    return Pair(
        recurrent.bound(getattr(module, case.kernel), case),
        recurrent.bound(module.reference, case),
    )


def pulled(function: Callable[..., Any], arrays: list[Any], mask: Any) -> list[Any]:
    """The results under `jit`, and the gradients of all arrays for one draw of each result's."""

    def both(*arrays: Any) -> Any:
        results, pull = jax.vjp(lambda *a: function(*a, mask), *arrays)
        rng = np.random.default_rng(9)
        seeds = tuple(jnp.asarray(rng.normal(size=y.shape), y.dtype) for y in results)
        return results, pull(seeds)

    return jax.tree.leaves(jax.jit(both)(*arrays))


def agree(ours: list[Any], theirs: list[Any], dtype: str) -> None:
    """Both have the same shapes, the kernel's has the type, and they are near."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == dtype and one.shape == other.shape
        assert bool(jnp.isfinite(one).all())
        scale = max(1.0, float(jnp.abs(other).max()))
        error = float(jnp.abs(one.astype(other.dtype) - other).max())
        assert error <= TOLERANCE[dtype] * scale, (error, scale)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows, steps, units", list(product((1, 3), (1, 2, 7), (1, 5))))
def test_values_and_gradients_are_those_of_the_reference(kernel, dtype, rows, steps, units):
    """The options take turns over the shapes; one shape has all of them below."""
    number = 8 * (rows > 1) + 4 * (units > 1) + steps  # a mask, and the last step first, by turns
    with jax.enable_x64(dtype == "float64"):
        case = Case(kernel, rows, steps, units, *OPTIONS[number % len(OPTIONS)])
        arrays, counts = recurrent.arrays(case, dtype)
        ours, theirs = (pulled(each, arrays, counts) for each in pair(case))
        agree(ours, theirs, dtype)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bias, states, mask, reverse", OPTIONS)
def test_all_options_together(kernel, bias, states, mask, reverse):
    """The last row is all padding where there is a mask."""
    case = Case(kernel, 3, 4, 2, bias, states, mask, reverse)
    arrays, counts = recurrent.arrays(case, "float32")
    assert counts is None or not counts[-1].any()
    ours, theirs = (pulled(each, arrays, counts) for each in pair(case))
    agree(ours, theirs, "float32")


@pytest.mark.parametrize("kernel", KERNELS)
def test_padding_leaves_states_as_they_are(kernel):
    case = Case(kernel, 3, 4, 2, bias=True, states=True, mask=True, reverse=False)
    arrays, counts = recurrent.arrays(case, "float32")
    outputs, *last = pair(case).kernel(*arrays, counts)
    start = arrays[-len(last) :]
    for one, other in zip(last, start, strict=True):
        np.testing.assert_array_equal(one[-1], other[-1])
    for step in outputs[-1]:
        np.testing.assert_array_equal(step, start[0][-1])


@pytest.mark.parametrize("kernel", KERNELS)
def test_vmap_is_a_loop(kernel):
    """Over inputs, states and masks, with one set of weights, as `time_distributed` does."""
    case = Case(kernel, 3, 4, 2, bias=True, states=True, mask=True, reverse=True)
    drawn = [recurrent.arrays(case, "float32", seed) for seed in range(3)]
    weights = drawn[0][0][1:4]
    function = pair(case).kernel

    def each(x: Any, mask: Any, *states: Any) -> Any:
        return pulled(lambda *a: function(*a[:1], *weights, *a[1:]), [x, *states], mask)

    stacks = [jnp.stack(arrays) for arrays in zip(*(d[0] for d in drawn), strict=True)]
    masks = jnp.stack([mask for _, mask in drawn])
    mapped = jax.vmap(each)(stacks[0], masks, *stacks[4:])
    for number, (arrays, mask) in enumerate(drawn):
        found = each(arrays[0], mask, *arrays[4:])
        for one, other in zip(mapped, found, strict=True):
            np.testing.assert_allclose(one[number], other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_gradients_of_gradients_are_there_and_forward_mode_is_refused(kernel):
    case = Case(kernel, 2, 3, 2, bias=True, states=True, mask=True, reverse=False)
    with jax.enable_x64(True):
        arrays, mask = recurrent.arrays(case, "float64")

        def slope(function: Callable[..., Any]) -> Any:
            def square(*arrays: Any) -> Any:
                grads = jax.grad(lambda *a: jnp.sum(function(*a, mask)[0] ** 2), argnums=(0, 2))
                return sum(jnp.sum(g**2) for g in grads(*arrays))

            return jax.tree.leaves(jax.jit(jax.grad(square, argnums=(0, 1, 2)))(*arrays))

        ours, theirs = map(slope, pair(case))
        agree(ours, theirs, "float64")
        kernel_of_x = lambda x: pair(case).kernel(x, *arrays[1:], mask)[0]  # noqa: E731
        with pytest.raises(TypeError, match="custom_vjp"):
            jax.jvp(kernel_of_x, (arrays[0],), (arrays[0],))


@pytest.mark.parametrize("kernel", KERNELS)
def test_bfloat16_stays_bfloat16_and_near_float32(kernel):
    case = Case(kernel, 3, 5, 4, bias=True, states=True, mask=True, reverse=False)
    arrays, mask = recurrent.arrays(case, "float32")
    low = [each.astype(jnp.bfloat16) for each in arrays]
    exact = [each.astype(jnp.float32) for each in low]
    ours, theirs = pair(case)
    agree(pulled(ours, low, mask), pulled(theirs, exact, mask), "bfloat16")


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_copied_stands_alone_without_the_reference(kernel):
    imports, texts = helper_texts([kernel])
    text = "\n\n\n".join([*sorted(imports), *texts])
    assert "def reference" not in text and "kspec" not in text
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    case = Case(kernel, 2, 3, 2, bias=True, states=False, mask=True, reverse=True)
    arrays, mask = recurrent.arrays(case, "float32")
    copied = recurrent.bound(namespace[kernel], case)
    ours, theirs = pulled(copied, arrays, mask), pulled(pair(case).kernel, arrays, mask)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_kernel_is_that_of_an_op_and_has_tests():
    for each in pkgutil.iter_modules(kspec.kernels.__path__):
        assert each.name in OPS
        here = Path(__file__).with_name(f"test_{each.name}.py")
        assert each.name in KERNELS or here.is_file(), f"no tests of {each.name}"
