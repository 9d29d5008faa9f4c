"""What ops need beside their operands and results, while they run."""

from __future__ import annotations

import math
from typing import Final

from kspec.estimate.kept import FUSED
from kspec.estimate.line import Line
from kspec.estimate.sizes import Sizes
from kspec.ir import CONVOLUTIONS, Op

DROPOUTS: Final = ("dropout_with_key", "shared_dropout", "alpha_dropout")
NUMBER: Final = 4  # bytes of an f32, an i32 or a u32


# Tensors as wide as the outputs, of all steps.
OF_ALL_STEPS: Final = {"lstm": 7, "gru": 4}


def forward_work(op: Op, sizes: Sizes) -> int:
    """Bytes of the forward pass of an op.

    Dropout draws with Threefry, which has two words of counters and two of results for each
    element; attention has its scores beside what is kept of them.
    """
    if op.name in DROPOUTS:
        return 4 * NUMBER * sizes.elements(op.result.type)
    if op.name == "dot_product_attention":
        return scores(op, sizes)
    return logits_of_a_part(op, sizes)


def backward_work(op: Op, line: Line) -> int:
    """Bytes of the backward pass of an op.

    The gradient of a convolution's kernel is a convolution over the batch: of copies in which
    batch and channels change places. Where an operand is fused, only the copy is kept of it.
    `conv_by_examples` takes one example after the other, `conv_native` has them in registers.
    `max_pool_tiles` has the slopes of all places of a window side by side before they are in order.
    That of a maximum over windows is found by place, a number for each axis of each element.
    Attention has the gradients of its scores, before and behind the softmax; `attention_native`
    has a block of them on each thread. Behind their loops the kernels of recurrent layers have the
    gradients of states and gates for all steps, and the states before each; the native ones have
    those of some steps at a time, but take slopes of all outputs, and give that of x, also where
    none is asked for.
    """
    sizes = line.sizes
    if op.name == "conv_by_examples":
        return windows_of_an_example(op, sizes)
    if op.name == "conv_native":
        return 0
    if op.name == "max_pool_tiles":
        return sizes.total(op.args)
    if op.name in ("lstm_native", "gru_native"):
        x, outputs = op.args[0], op.results[0]
        more = [x] * (x not in line.active) + [outputs] * (outputs not in line.uses)
        return sizes.total(more)
    if op.name in CONVOLUTIONS:
        maker = line.makers.get(op.args[0])
        fused = maker is not None and maker.name in FUSED
        turned = op.results if fused else (op.args[0], *op.results)
        return sizes.total(turned)
    if op.name == "max_pool":
        elements = sum(sizes.elements(value.type) for value in (op.args[0], op.result))
        return NUMBER * op.result.type.rank * elements
    if op.name == "dot_product_attention":
        return 2 * scores(op, sizes)
    if op.name == "linear_crossentropy":
        return 2 * logits_of_a_part(op, sizes)
    return OF_ALL_STEPS.get(op.name, 0) * sizes.total(op.results[:1])


def kept_beside(op: Op, sizes: Sizes) -> int:
    """Bytes that the backward pass reads beside operands, results, and tensors like these.

    Attention keeps the probabilities, before and behind a cast, `attention_native` a number of
    each query, `layer_norm_native` the mean and the scale of each row.
    """
    if op.name == "dot_product_attention":
        return 2 * scores(op, sizes)
    if op.name == "attention_native":
        return NUMBER * math.prod(map(sizes.axis, op.args[0].type.shape[:3]))
    if op.name == "layer_norm_native":
        x, axes = op.args[0].type, op.attrs["axis"]
        rows = x.shape[: x.rank - len(axes)] if isinstance(axes, tuple) else ()
        return 2 * NUMBER * math.prod(map(sizes.axis, rows))
    return 0


def windows_of_an_example(op: Op, sizes: Sizes) -> int:
    """Bytes of the windows that `conv_by_examples` lays side by side."""
    *window, _ = op.args[1].type.shape
    places = op.result.type.shape[1:-1]
    return NUMBER * math.prod(map(sizes.axis, (*places, *window)))


def logits_of_a_part(op: Op, sizes: Sizes) -> int:
    """Bytes of the largest array of `linear_crossentropy`; of other ops none."""
    rows = op.attrs.get("rows")
    if op.name != "linear_crossentropy" or not isinstance(rows, int):
        return 0
    return NUMBER * rows * sizes.axis(op.args[2].type.shape[1])


def scores(op: Op, sizes: Sizes) -> int:
    """Bytes of a score for each query and each key of attention, which are f32."""
    batch, steps, heads, _ = map(sizes.axis, op.args[0].type.shape)
    return NUMBER * batch * heads * steps * sizes.axis(op.args[1].type.shape[1])
