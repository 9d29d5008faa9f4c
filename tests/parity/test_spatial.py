"""Layers over space: sizes over a grid of arguments, edges, integers and masks, as in Keras."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import jax
import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.layers.transposed import Conv1DTranspose
from tests.parity.harness import ATOL, close, floats, keras, program, spell
from tests.parity.layers import K

WINDOWS = [
    {"strides": strides, "padding": padding}
    for strides, padding in product((1, 2, 3), ("valid", "same"))
]
backend_utils = keras.src.backend.common.backend_utils
KINDS = {"u8": np.uint8, "i32": np.int32}


def grid(name: str) -> Iterator[dict[str, Any]]:
    """Arguments of a layer over one axis."""
    conv, transposed = "conv" in name, "transpose" in name
    widths = (1, 2, 3, 4)
    for width, window, dilation in product(widths, WINDOWS, (1, 2) if conv else (1,)):
        args = {"kernel_size" if conv else "pool_size": width, **window}
        args |= {"dilation_rate": dilation} if conv else {}
        args |= {"filters": 2} if conv and "depthwise" not in name else {}
        yield args
        for extra in range(window["strides"]) if transposed else ():
            yield args | {"output_padding": extra}
        if name == "conv1d" and window["padding"] == "same":
            yield args | {"padding": "causal"}


def their_size(layer: type[keras.Layer], args: dict[str, Any], size: int) -> int | None:
    """The places that Keras says there are, or None where it refuses or there is none."""
    try:
        (_, places, _) = layer(**args).compute_output_shape((None, size, 4))
    except ValueError:
        return None
    return places if places > 0 else None


def our_size(name: str, args: dict[str, Any], size: int) -> int | None:
    """The places that kspec says there are, or None where it refuses."""
    text = f"model M {{\n  input x : f32[{size}, 4]\n  output y = x -> {name}({spell(args)})\n}}\n"
    try:
        return kspec.compile_text(text).compiled.program.outputs["y"].shape[1]
    except SpecError:
        return None


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("conv1d", K.Conv1D),
        ("conv1d_transpose", K.Conv1DTranspose),
        ("depthwise_conv1d", K.DepthwiseConv1D),
        ("separable_conv1d", K.SeparableConv1D),
        ("max_pooling1d", K.MaxPooling1D),
        ("average_pooling1d", K.AveragePooling1D),
    ],
)
def test_sizes_are_those_of_keras(name, layer):
    for args in grid(name):
        for size in (3, 6):
            assert our_size(name, args, size) == their_size(layer, args, size), (args, size)


def test_transposed_convolutions_have_the_edges_of_keras():
    edges_of_keras = backend_utils.compute_conv_transpose_padding_args_for_jax
    count = 0
    for args in grid("conv1d_transpose"):
        layer = Conv1DTranspose(**args)
        if layer.check():
            continue
        expected = edges_of_keras(
            (1, 6, 4),
            (args["kernel_size"], 2, 4),
            args["strides"],
            args["padding"],
            args.get("output_padding"),
            args["dilation_rate"],
        )
        assert layer.edges() == tuple(expected), args
        count += 1
    assert count == 88


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"interpolation": "nearest"},
        {"interpolation": "bicubic"},
        {"interpolation": "lanczos5", "antialias": True},
        {"crop_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True, "fill_value": 100.5},
        {"pad_to_aspect_ratio": True, "fill_value": 100.5, "interpolation": "nearest"},
    ],
)
@pytest.mark.parametrize("dtype", ["u8", "i32"])
def test_resized_integers_are_those_of_keras(args, dtype):
    call = f"resizing(5, 4{spell(args, ', ')})"
    run = program(f"  input x : {dtype}[6, 9, 1]\n  output y = x -> {call}")
    top = 256 if dtype == "u8" else 1000
    x = np.random.default_rng(0).integers(0, top, (2, 6, 9, 1)).astype(KINDS[dtype])
    y, expected = run.predict({"x": x})["y"], K.Resizing(5, 4, **args)(x)
    assert y.dtype == expected.dtype == x.dtype
    exact = np.asarray(K.Resizing(5, 4, **args)(x.astype(np.float32)))
    tied = np.abs(exact % 1 - 0.5) < 1e-4  # it depends on the processor on which side these come
    np.testing.assert_array_equal(y[~tied], np.asarray(expected)[~tied])
    np.testing.assert_allclose(y[tied], exact[tied], rtol=0, atol=0.5 + 1e-4)


def test_a_crop_of_integers_is_one_of_floats():
    run = program("  input x : u8[6, 9, 1]\n  output y = x -> center_crop(4, 4)")
    x = np.random.default_rng(0).integers(0, 256, (2, 6, 9, 1)).astype(np.uint8)
    y, expected = run.predict({"x": x})["y"], K.CenterCrop(4, 4)(x)
    assert y.dtype == expected.dtype == np.float32
    close(y, expected)


@pytest.mark.parametrize("keepdims", [False, True])
def test_means_leave_padding_out(keepdims):
    call = f"embedding(9, 3, mask_zero=true) -> global_average_pooling1d({str(keepdims).lower()})"
    run = program(f"  input x : i32[5]\n  output y = x -> {call}")
    run.weights["embedding.embeddings"] = vectors = floats(9, 3)
    x = np.array([[3, 1, 0, 0, 0], [1, 2, 3, 4, 5], [0, 0, 2, 0, 7]], np.int32)
    expected = K.GlobalAveragePooling1D(keepdims=keepdims)(vectors[x], mask=x != 0)
    close(run.predict({"x": x})["y"], expected)
    nothing = np.zeros((1, 5), np.int32)  # 0 / 0 in Keras, which would spoil the whole loss
    assert not np.any(run.predict({"x": nothing})["y"])
    outputs: Any = run.executable.outputs

    def total(params: Any) -> jax.Array:
        return outputs(params, run.state["stats"], {"x": nothing})["y"].sum()

    for leaf in jax.tree.leaves(jax.grad(total)(run.state["params"])):
        np.testing.assert_allclose(leaf, 0, atol=ATOL)
