"""The few functions of JAX that the runtime calls, with the types that JAX leaves open.

What differs between versions of JAX belongs here, too.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, cast

import jax
import numpy as np
from jax.experimental.compilation_cache import compilation_cache
from jaxlib import lapack, version

_jax = cast("Any", jax)
SOON: Final = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
# For programs that run once. Of its two ways to emit loops jaxlib 0.10 takes the longer one.
BRIEFLY: Final = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_parallel_codegen_split_count": 1,
    **({"xla_cpu_use_fusion_emitters": False} if version.__version_info__ < (0, 11) else {}),
}


def devices() -> list[Any]:
    """The devices of the machine; the first one runs what is not shared."""
    return _jax.devices()


def device() -> Any:
    """The device that runs the steps: the first one."""
    return devices()[0]


def tree_map(
    fn: Callable[..., Any], tree: Any, *rest: Any, is_leaf: Callable[[Any], bool] | None = None
) -> Any:
    """Apply a function to the leaves of nested dicts, tuples and lists."""
    return _jax.tree.map(fn, tree, *rest, is_leaf=is_leaf)


def to_device(tree: Any) -> Any:
    """Copy all leaves to the device, and mark them as placed there."""
    return _jax.device_put(tree, device())


def put(tree: Any, place: Any) -> Any:
    """Copy all leaves to a place: a device, or a sharding."""
    return _jax.device_put(tree, place)


def like(array: Any, there: Any) -> Any:
    """Copy an array to where another one is: to the device, where that is on the host."""
    return _jax.device_put(array, getattr(there, "sharding", None) or device())


def to_host(tree: Any) -> Any:
    """Wait for all leaves, and copy them to NumPy."""
    return _jax.device_get(tree)


def compiled(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one program."""
    return _jax.jit(fn)


def compiled_briefly(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one program that runs once, which XLA compiles in half the time.

    It draws the same bits as op by op. What `XLA_FLAGS` says of compiling stays.
    """
    said = any(option in os.environ.get("XLA_FLAGS", "") for option in BRIEFLY)
    options = BRIEFLY if device().platform == "cpu" and not said else None
    return _jax.jit(fn, compiler_options=options)


def soon_compiled(fn: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """The function as a program for such arguments that is made fast rather than runs fast.

    Its bits may be others than those of a program that XLA optimizes.
    """
    lowered = _jax.jit(fn).lower(*args)
    return lowered.compile(SOON if device().platform == "cpu" else None)


def copied(tree: Any) -> Any:
    """A copy of all leaves, for what uses its argument up."""

    def copy(leaf: Any) -> Any:
        return leaf.copy()

    return _jax.tree.map(copy, tree)


def precise() -> AbstractContextManager[None]:
    """Products of full precision, also on devices that have a faster one."""
    return _jax.default_matmul_precision("highest")


def traced(fn: Callable[..., Any], *args: Any) -> Any:
    """What a function would give for such arguments; nothing is computed."""
    return _jax.eval_shape(fn, *args)


def shaped(shape: tuple[int, ...], dtype: str) -> Any:
    """An argument of `traced`."""
    return _jax.ShapeDtypeStruct(shape, dtype)


def key(seed: Any) -> Any:
    """A random key, of an integer."""
    return _jax.random.key(seed)


def same_bits(one: Any, other: Any) -> bool:
    """Whether two trees of one structure have the same arrays and random keys, bit for bit."""

    def bits(leaf: Any) -> bytes:
        is_key = _jax.numpy.issubdtype(leaf.dtype, _jax.dtypes.prng_key)
        return _jax.device_get(_jax.random.key_data(leaf) if is_key else leaf).tobytes()

    leaves, others = _jax.tree.leaves(one), _jax.tree.leaves(other)
    return all(bits(a) == bits(b) for a, b in zip(leaves, others, strict=True))


def keep_programs(folder: str) -> None:
    """Keep every compiled program in a folder, and look there before compiling one.

    One whose file is damaged is compiled again.
    """
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    _jax.config.update("jax_compilation_cache_dir", folder)
    _jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    _jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def compiled_anew(lowered: Any) -> Any:
    """The program of what was lowered, by XLA itself.

    One that was read from JAX's cache can not be written again: on CPUs it lacks functions.
    """
    before = _jax.config.jax_enable_compilation_cache
    _jax.config.update("jax_enable_compilation_cache", False)
    compilation_cache.reset_cache()  # which asks for the setting once
    try:
        return lowered.compile()
    finally:
        _jax.config.update("jax_enable_compilation_cache", before)
        compilation_cache.reset_cache()


def prepare_lapack() -> None:
    """Find the functions of LAPACK, which JAX else does where it lowers a call of one.

    A program that calls them before ends the process.
    """
    cast("Any", lapack).prepare_lapack_call("geqrf_ffi", np.dtype("float32"))


def programs_folder() -> str | None:
    """Where compiled programs are kept; None where a user has turned that off."""
    config = _jax.config
    return config.jax_compilation_cache_dir if config.jax_enable_compilation_cache else None


def quiet_late_callbacks() -> None:
    """Print no tracebacks of writes that end after another one of the same save has failed.

    TensorStore calls back into an event loop that Orbax has closed by then, and prints what
    comes of it; the failure itself is raised.
    """
    before = sys.unraisablehook

    def hook(raised: sys.UnraisableHookArgs) -> None:
        error = raised.exc_value
        if not (isinstance(error, RuntimeError) and str(error) == "Event loop is closed"):
            before(raised)

    sys.unraisablehook = hook
