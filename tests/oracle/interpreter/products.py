"""Products of matrices, and windows that slide: convolution and pooling."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from kspec.ir import Op
from tests.oracle.interpreter.core import Array, Context, UnknownOp, rule, unbroadcast


@rule("matmul")
def _matmul(op: Op, args: list[Array], context: Context) -> Any:
    x, w = args
    a = x[None, :] if x.ndim == 1 else x
    b = w[:, None] if w.ndim == 1 else w
    result = a @ b

    def back(g: Array) -> Any:
        g = g.reshape(result.shape)
        by_x = unbroadcast(g @ np.swapaxes(b, -1, -2), a.shape).reshape(x.shape)
        by_w = unbroadcast(np.swapaxes(a, -1, -2) @ g, b.shape).reshape(w.shape)
        return by_x, by_w

    return (result.reshape(context.shape(op.result.type.shape)),), back


@rule("einsum")
def _einsum(op: Op, args: list[Array], context: Context) -> Any:
    """The gradient of an operand is the product of the others with that of the result."""
    left, _, right = str(op.attrs["equation"]).partition("->")
    terms = left.split(",")
    if "." in left or any(len(set(term)) < len(term) for term in terms):
        raise UnknownOp(f"the interpreter has no einsum {op.attrs['equation']}")
    sizes = {
        letter: size
        for term, x in zip(terms, args, strict=True)
        for letter, size in zip(term, x.shape, strict=True)
    }

    def back(g: Array) -> Any:
        gradients = []
        for place, term in enumerate(terms):
            given = [right, *(other for i, other in enumerate(terms) if i != place)]
            arrays = [g, *(x for i, x in enumerate(args) if i != place)]
            for letter in set(term) - set("".join(given)):  # it was summed up alone
                given.append(letter)
                arrays.append(np.ones(sizes[letter]))
            gradients.append(np.einsum(f"{','.join(given)}->{term}", *arrays))
        return gradients

    return (np.asarray(np.einsum(f"{left}->{right}", *args)),), back


def _padding(sizes: Any, windows: Any, strides: Any, dilation: Any, padding: Any) -> Any:
    """The zeros before and behind each axis, and the places of a window along it."""
    widths, counts = [], []
    for size, window, stride, step in zip(sizes, windows, strides, dilation, strict=True):
        span = (window - 1) * step + 1
        if padding == "causal":
            widths.append((span - 1, 0))
        elif padding == "same":
            lacking = max((-(-size // stride) - 1) * stride + span - size, 0)
            widths.append((lacking // 2, lacking - lacking // 2))
        else:
            widths.append((0, 0))
        counts.append((size + sum(widths[-1]) - span) // stride + 1)
    return widths, counts


def _windows(windows: Any, counts: Any, strides: Any, dilation: Any) -> Iterator[Any]:
    """For each place in a window: which elements of the padded operand it meets."""
    for place in itertools.product(*map(range, windows)):
        axes = zip(place, counts, strides, dilation, strict=True)
        yield (
            place,
            (
                slice(None),
                *(slice(k * d, k * d + (n - 1) * s + 1, s) for k, n, s, d in axes),
                slice(None),
            ),
        )


@rule("conv", "causal_conv")
def _conv(op: Op, args: list[Array], context: Context) -> Any:
    x, kernel = args
    strides: Any = op.attrs["strides"]
    dilation: Any = op.attrs["dilation"]
    groups: Any = op.attrs["groups"]
    padding = op.attrs.get("padding", "causal")
    windows = kernel.shape[:-2]
    widths, counts = _padding(x.shape[1:-1], windows, strides, dilation, padding)
    padded = np.pad(x, [(0, 0), *widths, (0, 0)])
    places = list(_windows(windows, counts, strides, dilation))
    filters, channels = kernel.shape[-1], kernel.shape[-2]
    apart = (groups, filters // groups)

    def grouped(part: Array) -> Array:
        return part.reshape(*part.shape[:-1], groups, channels)

    result = np.zeros((len(x), *counts, *apart))
    for place, chosen in places:
        own = kernel[place].reshape(channels, *apart)
        result += np.einsum("...gc,cgf->...gf", grouped(padded[chosen]), own)

    def back(g: Array) -> Any:
        g = g.reshape(*g.shape[:-1], *apart)
        by_x, by_kernel = np.zeros_like(padded), np.zeros_like(kernel)
        for place, chosen in places:
            own = kernel[place].reshape(channels, *apart)
            part = np.einsum("...gf,cgf->...gc", g, own)
            by_x[chosen] += part.reshape(*part.shape[:-2], -1)
            rows = grouped(padded[chosen]).reshape(-1, groups, channels)
            product = np.einsum("ngc,ngf->cgf", rows, g.reshape(-1, *apart))
            by_kernel[place] = product.reshape(channels, filters)
        inside = (slice(low, low + n) for (low, _), n in zip(widths, x.shape[1:-1], strict=True))
        return by_x[(slice(None), *inside)], by_kernel

    return (result.reshape(*result.shape[:-2], filters),), back


@rule("max_pool", "avg_pool")
def _pool(op: Op, args: list[Array], context: Context) -> Any:
    """The first of several largest elements gets the gradient; what is outside counts not."""
    (x,) = args
    windows: Any = op.attrs["window"]
    strides: Any = op.attrs["strides"]
    ones = (1,) * len(windows)
    widths, counts = _padding(x.shape[1:-1], windows, strides, ones, op.attrs["padding"])
    places = list(_windows(windows, counts, strides, ones))
    around = [(0, 0), *widths, (0, 0)]
    if op.name == "max_pool":
        padded = np.pad(x, around, constant_values=-np.inf)
        stacked = np.stack([padded[chosen] for _, chosen in places])
        first = stacked.argmax(axis=0)
        result = stacked.max(axis=0)
        shares = [1.0 * (first == number) for number in range(len(places))]
    else:
        padded, inside = np.pad(x, around), np.pad(np.ones_like(x), around)
        count = np.sum([inside[chosen] for _, chosen in places], axis=0)
        result = np.sum([padded[chosen] for _, chosen in places], axis=0) / count
        shares = [1 / count] * len(places)

    def back(g: Array) -> Any:
        by_x = np.zeros(padded.shape)
        for share, (_, chosen) in zip(shares, places, strict=True):
            by_x[chosen] += g * share
        kept = (slice(low, low + n) for (low, _), n in zip(widths, x.shape[1:-1], strict=True))
        return (by_x[(slice(None), *kept)],)

    return (result,), back


@rule("dot_product_attention")
def _attention(op: Op, args: list[Array], context: Context) -> Any:
    """Where nothing may be looked at, everything is, evenly, as in JAX."""
    query, key, value, *masks = args
    scale: Any = op.attrs["scale"]
    shared = query.shape[2] // key.shape[2]
    keys, values = np.repeat(key, shared, axis=2), np.repeat(value, shared, axis=2)
    scores = scale * np.einsum("btnh,bsnh->bnts", query, keys)
    allowed = np.ones(scores.shape, np.bool_)
    for mask in masks:
        allowed = allowed & mask
    if op.attrs["causal"]:
        allowed = allowed & np.tri(*scores.shape[-2:], dtype=np.bool_)
    scores = np.where(allowed, scores, -1e300)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = shares / shares.sum(axis=-1, keepdims=True)

    def summed(g: Array) -> Array:
        return g.reshape(*g.shape[:2], -1, shared, g.shape[-1]).sum(axis=3)

    def back(g: Array) -> Any:
        by_shares = np.einsum("btnv,bsnv->bnts", g, values)
        inner = context.aside.added((by_shares * shares).sum(axis=-1, keepdims=True))
        by_scores = np.where(allowed, shares * (by_shares - inner), 0) * scale
        by_query = np.einsum("bnts,bsnh->btnh", by_scores, keys)
        by_key = summed(np.einsum("bnts,btnh->bsnh", by_scores, query))
        by_value = summed(np.einsum("bnts,btnv->bsnv", shares, g))
        return by_query, by_key, by_value, *(None for _ in masks)

    return (np.einsum("bnts,bsnv->btnv", shares, values),), back
