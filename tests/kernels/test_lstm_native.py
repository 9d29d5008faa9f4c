"""Recurrent layers by functions of kspec's own: values and gradients are those of the kernels."""

from __future__ import annotations

import importlib
import shutil
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.runtime import libraries, native
from tests.kernels import recurrent
from tests.kernels.recurrent import Case
from tests.kernels.test_kernels import OPTIONS, Pair, agree, pulled

COMPILER = any(map(shutil.which, libraries.COMPILERS))
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")

KINDS = ("lstm", "gru")
# Rows, steps and units at the sizes of vectors, tiles and spans, and beside them.
SIZES = [(1, 1, 1), (2, 3, 15), (3, 28, 16), (7, 29, 17), (13, 57, 33), (30, 5, 64), (4, 2, 100)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of layer, with the functions."""
    assert native.library(f"{request.param}_native")
    module = importlib.import_module(f"kspec.kernels.{request.param}_native")
    monkeypatch.setattr(module, f"{request.param.upper()}_NATIVE", True)
    return request.param


def pair(case: Case) -> Pair:
    """Both for a case."""
    name = f"{case.kernel}_native"
    module = importlib.import_module(f"kspec.kernels.{name}")
    both = (getattr(module, name), module.reference)
    return Pair(*(recurrent.bound(each, case) for each in both))


def check(case: Case, dtype: str = "float32") -> None:
    arrays, mask = recurrent.arrays(case, dtype)
    arrays = [each / case.units**0.5 for each in arrays]  # so that errors do not grow on the way
    ours, theirs = (pulled(each, arrays, mask) for each in pair(case))
    agree(ours, theirs, dtype)


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_all_options_and_sizes(kind, number):
    """The sizes take turns."""
    check(Case(kind, *SIZES[number % len(SIZES)], *OPTIONS[number]))


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_types_are_those_of_the_kernel(kind, dtype):
    with jax.enable_x64(dtype == "float64"):
        check(Case(kind, 3, 4, 5, True, True, True, False), dtype)


@pytest.mark.parametrize("name", KINDS)
def test_without_the_functions_it_is_the_kernel(name):
    case = Case(name, 3, 4, 5, True, True, True, True)
    arrays, mask = recurrent.arrays(case, "float32")
    ours, theirs = (pulled(each, arrays, mask) for each in pair(case))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_not_finite_stays_so(kind):
    """Steps that do not count are left out, whatever they are."""
    case = Case(kind, 4, 5, 17, True, True, True, False)
    arrays, mask = recurrent.arrays(case, "float32")
    mask = mask.at[:3, 1].set(True).at[0, 2].set(False)
    x = arrays[0].at[0, 2, 0].set(jnp.nan).at[1, 1, 1].set(jnp.nan)
    arrays[0] = x.at[2, 1, 0].set(jnp.inf).at[2, 2, 1].set(-jnp.inf)
    ours, theirs = (each(*arrays, mask) for each in pair(case))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert jnp.isfinite(ours[0][0]).all() and jnp.isnan(ours[0][1, 1:]).all()


def test_numbers_of_all_sizes_have_their_activations(kind):
    """One unit without weights of its state: what it gives is its activations."""
    gates = recurrent.GATES[kind]
    x = jnp.concatenate([jnp.linspace(-100, 100, 4001), 10.0 ** jnp.arange(-30, 30)])
    kernel = jnp.ones((1, gates), jnp.float32)
    case = Case(kind, len(x), 1, 1, False, False, False, False)
    given = (x[:, None, None].astype(jnp.float32), kernel, jnp.zeros((1, gates), jnp.float32))
    (ours, *_), (theirs, *_) = (each(*given, None) for each in pair(case))
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-37)


def test_the_same_bits_each_time(kind):
    case = Case(kind, 37, 30, 20, True, True, True, False)
    arrays, mask = recurrent.arrays(case, "float32")
    first = pulled(pair(case).kernel, arrays, mask)
    for _ in range(10):
        for one, other in zip(pulled(pair(case).kernel, arrays, mask), first, strict=True):
            np.testing.assert_array_equal(one, other)


def test_gradients_of_gradients_vmap_and_loops(kind):
    case = Case(kind, 2, 3, 2, True, True, True, True)
    drawn, mask = recurrent.arrays(case, "float32")

    def twice(function: Any) -> Any:
        def loss(*arrays: Any) -> Any:
            def step(x: Any) -> Any:
                def result(x: Any, *rest: Any) -> Any:
                    return sum((each**2).sum() for each in function(x, *rest, mask))

                return jax.grad(result, tuple(range(len(arrays))))(x, *arrays[1:])

            xs = jnp.stack([arrays[0], arrays[0] / 2])
            found = (jax.vmap(step)(xs), jax.lax.map(step, xs))
            return sum((each**2).sum() for each in jax.tree.leaves(found))

        return jax.jit(jax.grad(loss, tuple(range(len(drawn)))))(*drawn)

    ours, theirs = map(twice, pair(case))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_arrays_of_no_loop_are_refused(kind):
    """None of the sizes may be another one."""
    gates, states = recurrent.GATES[kind], recurrent.STATES[kind]
    units = 16  # all of what is kept is used then, however wide vectors are
    bias = (2, gates * units) if kind == "gru" else (gates * units,)
    kept = units * (gates + 1)
    before = [(2, 3, 5), (5, gates * units), (units, gates * units)]
    state, flags, outputs = [(2, units)] * states, [(2, 3)], [(2, 3, units)]
    ways = {
        f"kspec_{kind}": (
            [*before, bias, *state, *flags],
            [*outputs, *state, (2, 3, kept)],
        ),
        f"kspec_{kind}_gradient": (
            [*before, *state, *flags, *outputs, (2, 3, kept), *outputs, *state],
            [*before, bias, *state],
        ),
    }
    for name, (given, results) in ways.items():
        flag = 3 + states + (not name.endswith("gradient"))

        def call(given: Any, results: Any, name: str = name, flag: int = flag) -> Any:
            zeros = [jnp.zeros(size, bool if at == flag else "f4") for at, size in enumerate(given)]
            wanted = [jax.ShapeDtypeStruct(size, jnp.float32) for size in results]
            return jax.block_until_ready(jax.ffi.ffi_call(name, wanted)(*zeros, reverse=True))

        assert all(jnp.isfinite(each).all() for each in call(given, results))
        for number in range(len(given) + len(results)):
            sizes = [*given, *results]
            change = 1 if number % 2 else -1
            sizes[number] = (*sizes[number][:-1], sizes[number][-1] + change)
            with pytest.raises(jax.errors.JaxRuntimeError, match="not of one loop"):
                call(sizes[: len(given)], sizes[len(given) :])
