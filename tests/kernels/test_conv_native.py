"""Convolutions by functions of kspec's own: values and gradients are XLA's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.kernels import conv_native as module
from kspec.kernels.conv_native import conv_native, reference
from kspec.runtime import libraries, native, ready
from tests.conftest import TESTS
from tests.kernels.test_conv_by_examples import SHAPES, TOLERANCE, pulled

COMPILER = any(map(shutil.which, libraries.COMPILERS))
pytestmark = pytest.mark.skipif(not COMPILER, reason="there is no C++ compiler")

# Channels and filters at the sizes of vectors and panels, and beside them.
WIDTHS = [(1, 1), (3, 16), (2, 17), (5, 32), (4, 33), (16, 8), (7, 64), (33, 40)]


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the functions."""
    assert native.library("conv_native")
    monkeypatch.setattr(module, "CONV_NATIVE", True)


def drawn(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]


def near(ours: list[Any], theirs: list[Any], dtype: str = "float32") -> None:
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == dtype and one.shape == other.shape
        scale = float(jnp.abs(other).max(initial=1))
        error = float(jnp.abs(one.astype(other.dtype) - other).max(initial=0))
        assert error <= TOLERANCE[dtype] * scale


@pytest.mark.parametrize("spatial, window", SHAPES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_values_and_gradients_are_those_of_the_reference(
    functions, spatial, window, padding, dtype
):
    if padding == "valid":
        spatial = tuple(map(max, spatial, window))
    with jax.enable_x64(dtype == "float64"):
        exact = "float64" if dtype == "float64" else "float32"
        operands = [each.astype(dtype) for each in drawn((3, *spatial, 2), (*window, 2, 4))]
        theirs = pulled(reference, [each.astype(exact) for each in operands], padding)
        near(pulled(conv_native, operands, padding), theirs, dtype)


@pytest.mark.parametrize("channels, filters", WIDTHS)
@pytest.mark.parametrize("rows, columns", [(1, 1), (2, 13), (4, 29)])
def test_tiles_of_all_sizes(functions, channels, filters, rows, columns):
    operands = drawn((2, rows, columns, channels), (3, 3, channels, filters))
    near(pulled(conv_native, operands, "same"), pulled(reference, operands, "same"))


@pytest.mark.parametrize("size", [5, 14])
def test_without_the_functions_it_is_xlas(size):
    operands = drawn((2, size, size, 2), (3, 3, 2, 4))
    near(pulled(conv_native, operands, "same"), pulled(reference, operands, "same"))


def test_nothing_is_computed_of_nothing(functions):
    operands = drawn((0, 4, 4, 2), (3, 3, 2, 5))
    near(pulled(conv_native, operands, "same"), pulled(reference, operands, "same"))


def test_what_is_not_finite_stays_so(functions):
    x, kernel = drawn((1, 8, 8, 1), (3, 3, 1, 2))
    x = x.at[0, 4, 4, 0].set(jnp.inf).at[0, 0, 0, 0].set(jnp.nan)
    ours, theirs = (each(x, kernel, (1, 1), "same") for each in (conv_native, reference))
    assert jnp.array_equal(jnp.isnan(ours), jnp.isnan(theirs))
    assert jnp.array_equal(jnp.isinf(ours), jnp.isinf(theirs))


def test_the_same_bits_each_time(functions):
    operands = drawn((5, 9, 9, 3), (3, 3, 3, 20))
    first = pulled(conv_native, operands, "same")
    for _ in range(20):
        for one, other in zip(pulled(conv_native, operands, "same"), first, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("spatial, window", [((5,), (3,)), ((4, 3), (2, 3))])
def test_gradients_of_gradients_vmap_and_loops(functions, spatial, window):
    x, kernel = drawn((2, 3, *spatial, 1), (*window, 1, 2))
    ones = (1,) * len(window)

    def twice(function: Any) -> Any:
        def loss(x: Any, kernel: Any) -> Any:
            def step(kernel: Any, x: Any) -> Any:
                slope = jax.grad(lambda k, x: (function(x, k, ones, "same") ** 2).sum(), (0, 1))
                return slope(kernel, x)

            over = jax.vmap(step, (None, 0))(kernel, x)
            loops = jax.lax.map(lambda each: step(kernel, each), x)
            return sum((a**2).sum() + (b**3).sum() for a, b in zip(over, loops, strict=True))

        return jax.jit(jax.grad(loss, (0, 1)))(x, kernel)

    for one, other in zip(twice(conv_native), twice(reference), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_arrays_of_no_convolution_are_refused(functions):
    x, kernel = drawn((2, 4, 4, 3), (3, 3, 2, 5))
    call = jax.ffi.ffi_call("kspec_conv", jax.ShapeDtypeStruct((2, 4, 4, 5), jnp.float32))
    where = {"top": np.int64(1), "left": np.int64(1)}
    with pytest.raises(jax.errors.JaxRuntimeError, match="not of one convolution"):
        call(x, kernel, **where).block_until_ready()
    with pytest.raises(jax.errors.JaxRuntimeError, match="not of one convolution"):
        call(x[..., :2], kernel, **where | {"left": np.int64(9)}).block_until_ready()


LOAD = "from kspec.runtime import native; print(native.library('conv_native'))"


def library(folder: Path, **env: str) -> str:
    """Its name in a process with such settings and its own cache folder."""
    settings = {"XDG_CACHE_HOME": str(folder), "PATH": "/usr/bin:/bin", **env}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=settings, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_library_is_compiled_once_and_again_if_it_is_damaged(tmp_path):
    name = library(tmp_path)
    file = tmp_path / "kspec" / "native" / f"{name}.so"
    made, whole = file.stat().st_mtime_ns, file.read_bytes()
    assert library(tmp_path) == name and file.stat().st_mtime_ns == made
    file.write_bytes(whole[:2000])
    assert library(tmp_path) == name and file.stat().st_size == len(whole)


def test_without_a_library_there_are_no_functions(tmp_path):
    assert not library(tmp_path, PATH=str(tmp_path))  # no compiler
    assert not library(tmp_path, KSPEC_NATIVE="0")
    assert not list(tmp_path.rglob("*.so"))
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho called >> $0.log\necho it is broken >&2\nexit 1\n")
    broken.chmod(0o755)
    for _ in range(2):
        assert not library(tmp_path, CXX=str(broken))
    assert (tmp_path / "broken.log").read_text() == "called\n"  # and not again
    (said,) = tmp_path.rglob("*.failed")
    assert said.read_text() == "it is broken\n"


def test_without_a_place_for_it_the_library_is_there_for_the_process(tmp_path):
    (tmp_path / "file").touch()
    assert library(tmp_path / "file") and not list(tmp_path.rglob("*.so"))


def test_devices_that_share_a_batch_compute_by_xla(tmp_path):
    assert not library(tmp_path, XLA_FLAGS="--xla_force_host_platform_device_count=2")


BEGIN = """
import sys
from kspec.runtime import libraries
text = "if CONV_NATIVE: ..."
libraries.begin(text)
made = [kernel for flag, kernel in libraries.flags().items() if flag in text]
for kernel in made if libraries.making.cache_info().currsize else ():
    print(libraries.making(kernel).result().file.name)
assert "jax" not in sys.modules
"""


def begun(folder: Path, **env: str) -> list[str]:
    """The files of libraries that a process makes before it has JAX."""
    settings = {"XDG_CACHE_HOME": str(folder), "PATH": "/usr/bin:/bin", **env}
    command = [sys.executable, "-c", BEGIN]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_libraries_are_made_before_jax_is_imported(tmp_path):
    (name,) = begun(tmp_path)
    file = tmp_path / "kspec" / "native" / name
    made = file.stat().st_mtime_ns
    assert library(tmp_path) == file.stem and file.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    "env",
    [
        {"JAX_PLATFORMS": "cuda"},
        {"JAX_NUM_CPU_DEVICES": "2"},
        {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
    ],
    ids=str,
)
def test_where_jax_may_find_another_device_they_are_not(tmp_path, env):
    assert not begun(tmp_path, **env)


EARLY = """
import sys
from kspec.runtime import libraries
libraries.begin = lambda text: print("CONV_NATIVE" in text, "jax" in sys.modules, flush=True)
sys.argv = ["kspec", "run", "specs/digits_cnn.kspec", "--smoke"]
from kspec.{module} import {call}
"""


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("cli", "main; main(standalone_mode=False)"),
        ("api", "compile; compile('specs/digits_cnn.kspec').init()"),
    ],
)
def test_programs_that_will_run_begin_them_first(module, call):
    code = EARLY.format(module=module, call=call)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[0] == "True False", done.stderr


def test_a_program_is_told_that_it_may_call_them():
    spec = "model M {\n  input x : f32[16, 16, 3]\n  output y = x -> conv2d(32, 3)\n}"
    executable: Any = kspec.compile_text(spec).init().executable
    assert executable.CONV_NATIVE
    assert native.expected(native.kernels_of(executable)) == (native.library("conv_native"),)


def test_a_step_that_counted_on_a_library_is_traced_again_without_it(tmp_path, monkeypatch):
    """The compiler fails while the step is traced; the next process knows that."""
    spec = "model M {\n  input x : f32[16, 16, 3]\n  output y = x -> conv2d(32, 3)\n}"
    program = kspec.compile_text(spec)
    failing: Future[str] = Future()
    monkeypatch.setattr(native, "_making", lambda kernel: failing)
    monkeypatch.setattr(ready, "folder_in_use", lambda: tmp_path)
    monkeypatch.setattr(native, "made", lambda kernels: _fails(failing, list(kernels)))
    run = program.init()
    x = np.random.default_rng(0).standard_normal((2, 16, 16, 3), np.float32)
    found = run.predict({"x": x})["y"]
    assert failing.done()
    assert [path for path in tmp_path.glob("*.ready") if b"kspec_conv" in path.read_bytes()] == []
    monkeypatch.undo()
    np.testing.assert_allclose(found, program.init().predict({"x": x})["y"], rtol=1e-4, atol=1e-5)


def test_where_there_are_no_libraries_programs_are_kept(tmp_path, monkeypatch):
    none: Future[str] = Future()
    none.set_result("")
    monkeypatch.setattr(native, "_making", lambda kernel: none)
    monkeypatch.setattr(ready, "folder_in_use", lambda: tmp_path)
    spec = "model M {\n  input x : f32[16, 16, 3]\n  output y = x -> conv2d(32, 3)\n}"
    kspec.compile_text(spec).init().predict({"x": np.ones((2, 16, 16, 3), np.float32)})
    assert len(list(tmp_path.glob("*.ready"))) == 2  # first weights and outputs


def _fails(making: Future[str], kernels: list[str]) -> bool:
    """What `made` says where the compiler fails when it is waited for."""
    if kernels and not making.done():
        making.set_result("")
    return not kernels
