"""The activation gelu, whose slope is computed beside it on CPUs.

Both are made of the normal distribution and its density. `gelu_native.cc` computes
them of float32 in one pass, and only the slope is kept. kspec's runtime compiles it for
the machine; then it sets `GELU_NATIVE`. Elsewhere, as in a file that runs by itself,
and where no gradient is asked for, this is XLA's gelu.
"""

from functools import partial

import jax
import jax.numpy as jnp

GELU_NATIVE = False  # whether this process computes on a CPU, and has the function


def gelu_native(x, approximate):
    """`x` times the normal distribution up to it; `approximate` is by tanh."""
    if not (GELU_NATIVE and x.dtype == jnp.float32 and x.size):
        return jax.nn.gelu(x, approximate=approximate)
    return smooth(x, approximate)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def smooth(x, approximate):
    """The activation alone."""
    return jax.nn.gelu(x, approximate=approximate)


def smooth_forward(x, approximate):
    """The result, and what the backward pass reads: the slope."""
    return smooth_and_slope(x, approximate)


def smooth_backward(approximate, kept, slope):
    """The gradient of x."""
    del approximate  # it is in the slope that was kept
    return (kept * slope,)


smooth.defvjp(smooth_forward, smooth_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def smooth_and_slope(x, approximate):
    """The activation and its slope."""
    shapes = (jax.ShapeDtypeStruct(x.shape, x.dtype),) * 2
    call = jax.ffi.ffi_call("kspec_gelu", shapes, vmap_method="sequential")
    y, slope = call(x, approximate=bool(approximate))
    return y, slope


def both_forward(x, approximate):
    """The results, and what the backward pass reads."""
    return smooth_and_slope(x, approximate), x


def both_backward(approximate, x, slopes):
    """The gradient of x, by XLA."""

    def both(x):
        y, pull = jax.vjp(partial(jax.nn.gelu, approximate=approximate), x)
        return y, pull(jnp.ones_like(y))[0]

    return jax.vjp(both, x)[1](slopes)


smooth_and_slope.defvjp(both_forward, both_backward)


def reference(x, approximate):
    """The same by XLA."""
    return jax.nn.gelu(x, approximate=approximate)
