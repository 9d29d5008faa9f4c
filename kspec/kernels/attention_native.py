"""Attention, by kspec's own functions on CPUs that have them.

XLA has all scores in memory several times, and takes several times as long as the
products in them. `attention_native.cc` has functions of float32, which kspec's runtime
compiles for the machine; then it sets `ATTENTION_NATIVE`. Elsewhere, as in a file that
runs by itself, this is `jax.nn.dot_product_attention`.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

ATTENTION_NATIVE = False  # whether this process is on a CPU, and has the functions


def attention_native(query, key, value, mask=None, *, scale, is_causal=False):
    """Mix values by the softmax of the products of query and key, times the scale.

    query: [B, T, N, H], key: [B, S, K, H], value: [B, S, K, V], result: [B, T, N, V];
    mask: bool[B, N, T, S], any of them 1; N is a multiple of K. A causal one lets step
    t see the keys up to t.
    """
    float32 = query.dtype == key.dtype == value.dtype == jnp.float32
    if not (ATTENTION_NATIVE and float32 and query.size and key.size and value.size):
        return plain(query, key, value, mask, scale, is_causal)
    return attend(query, key, value, mask, scale, is_causal)[0]


def plain(query, key, value, mask, scale, causal):
    """The same by XLA."""
    return jax.nn.dot_product_attention(
        query, key, value, mask=mask, scale=scale, is_causal=causal
    )


@partial(jax.custom_vjp, nondiff_argnums=(4, 5))
def attend(query, key, value, mask, scale, causal):
    """The mixtures, and the logarithms of the sums of the exponentials of scores."""
    batch, steps, heads, _ = query.shape
    shape = jax.ShapeDtypeStruct((batch, steps, heads, value.shape[3]), query.dtype)
    sums = jax.ShapeDtypeStruct((batch, heads, steps), query.dtype)
    call = jax.ffi.ffi_call("kspec_attention", (shape, sums), vmap_method="sequential")
    given = jnp.ones((0, 0, 0, 0), bool) if mask is None else mask
    return call(query, key, value, given, causal=causal, scale=np.float32(scale))


def attend_forward(query, key, value, mask, scale, causal):
    """The result, and what the backward pass reads."""
    y, sums = attend(query, key, value, mask, scale, causal)
    return (y, sums), (query, key, value, mask, sums, y)


def attend_backward(scale, causal, kept, slopes):
    """The gradients of query, key and value; that of the sums is nobody's."""
    slope, _ = slopes
    return *attend_back(*kept, slope, scale, causal), None


attend.defvjp(attend_forward, attend_backward)


@partial(jax.custom_vjp, nondiff_argnums=(7, 8))
def attend_back(query, key, value, mask, sums, y, slope, scale, causal):
    """The gradients of query, key and value."""
    shapes = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (query, key, value)]
    call = jax.ffi.ffi_call(
        "kspec_attention_gradients", shapes, vmap_method="sequential"
    )
    given = jnp.ones((0, 0, 0, 0), bool) if mask is None else mask
    return tuple(
        call(
            *(query, key, value, given, sums, y, slope),
            causal=causal,
            scale=np.float32(scale),
        )
    )


def attend_back_forward(query, key, value, mask, sums, y, slope, scale, causal):
    """The result, and what its own gradient reads."""
    found = attend_back(query, key, value, mask, sums, y, slope, scale, causal)
    return found, (query, key, value, mask, slope)


def attend_back_backward(scale, causal, kept, slopes):
    """The gradients of the gradients, which are XLA's."""
    query, key, value, mask, slope = kept

    def pulled(query, key, value, slope):
        def of(*operands):
            return plain(*operands, mask, scale, causal)

        return jax.vjp(of, query, key, value)[1](slope)

    *found, of_slope = jax.vjp(pulled, query, key, value, slope)[1](slopes)
    return *found, None, None, None, of_slope


attend_back.defvjp(attend_back_forward, attend_back_backward)


def reference(query, key, value, mask=None, *, scale, is_causal=False):
    """The same by XLA."""
    return plain(query, key, value, mask, scale, is_causal)
