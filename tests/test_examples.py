"""The examples of `kspec layers NAME`: each compiles, once its arguments have values."""

from __future__ import annotations

import re

import pytest

import kspec as package
from kspec import reference
from kspec.diagnostics import Source
from kspec.registry import names
from kspec.syntax import parse, tree

EXAMPLE_ARGUMENTS = {
    **{"units": "4", "rate": "0.5", "filters": "4", "kernel_size": "3", "pool_size": "2"},
    **{"input_dim": "9", "output_dim": "4", "target_shape": "(6, 64)", "scale": "0.5"},
    **{"x_min": "0", "x_max": "1", "dtype": '"f32"', "num_classes": "3", "axis": "1"},
    **{"height": "4", "width": "4", "dims": "(3, 2, 1)", "n": "2", "output_size": "2"},
    **{"axes": "(0, 2, 1, 3)", "activation": "relu", "path": '"a.npz"', "image": '"a.gz"'},
}
OPERANDS = {"embedding": "i32[8]", "one_hot": "i32[8]", "squeeze": "f32[1, 8, 6]"}

# Names whose examples need operands of other shapes, or arguments with no one value to try:
# `tests/layers` and `tests/parity` compile them. Their examples are parsed here.
OF_ANOTHER_SHAPE = {
    "activation": ["threshold"],
    "layer": [
        "additive_attention",
        "attention",
        "aug_mix",
        "bidirectional",
        "conv_lstm3d",
        "stft_spectrogram",
        "cut_mix",
        "dot",
        "text_vectorization",
        "string_lookup",
        "integer_lookup",
        "hashing",
        "hashed_crossing",
        "discretization",
        "category_encoding",
        "einsum_dense",
        "gaussian_noise",
        "group_normalization",
        "group_query_attention",
        "gru_cell",
        "lstm_cell",
        "mix_up",
        "multi_head_attention",
        "rand_augment",
        "random_brightness",
        "random_color_degeneration",
        "random_contrast",
        "random_grayscale",
        "random_hue",
        "random_posterization",
        "random_rotation",
        "random_saturation",
        "random_sharpness",
        "random_translation",
        "random_zoom",
        "reversible_embedding",
        "rnn",
        "simple_rnn_cell",
        "spectral_normalization",
        "stacked_rnn_cells",
        "time_distributed",
    ],
    "op": [
        "arange",
        "array",
        "bartlett",
        "bitwise_and",
        "bitwise_invert",
        "bitwise_left_shift",
        "bitwise_or",
        "bitwise_right_shift",
        "bitwise_xor",
        "blackman",
        "broadcast_to",
        "cholesky",
        "cholesky_inverse",
        "conv",
        "cross",
        "depth_to_space",
        "depthwise_conv",
        "det",
        "diag",
        "diagonal",
        "digitize",
        "dot",
        "einsum",
        "extract_sequences",
        "eye",
        "fold",
        "full",
        "full_like",
        "gcd",
        "geomspace",
        "hamming",
        "hanning",
        "in_top_k",
        "inv",
        "isin",
        "kaiser",
        "lcm",
        "ldexp",
        "linspace",
        "logdet",
        "logspace",
        "matmul",
        "moveaxis",
        "multi_hot",
        "nanpercentile",
        "nanquantile",
        "ones",
        "pad",
        "percentile",
        "quantile",
        "rearrange",
        "repeat",
        "reshape",
        "roll",
        "rot90",
        "searchsorted",
        "separable_conv",
        "slice_update",
        "solve",
        "solve_triangular",
        "space_to_depth",
        "stack",
        "swapaxes",
        "take",
        "take_along_axis",
        "tensordot",
        "tile",
        "trace",
        "transpose",
        "tri",
        "vander",
        "zeros",
    ],
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("layer", "activation", "op") for name in names(kind)],
)
def test_the_examples_of_the_vocabulary_compile(kind, name):
    line = reference.example(names(kind)[name])
    for argument, value in EXAMPLE_ARGUMENTS.items():
        line = re.sub(rf"(?<=[(, ]){argument}(?=[,)])", value, line)
    rule = getattr(names(kind)[name], "shape", "*").split("->")[0]
    axes = [8, 8, 6] if {"*", ","} & set(rule) else [5, 8, 8, 6][5 - len(rule.split()) :]
    type = OPERANDS.get(name, f"f32{axes}")
    inputs = "".join(f"  input {operand} : {type}\n" for operand in ("x", "x1", "x2", "x3"))
    if name == "where":
        line = line.replace("x1,", "x1 > 0,")
    text = f"model Net {{\n{inputs}  {line}\n  output z = y\n}}\n"
    if name in OF_ANOTHER_SHAPE.get(kind, ()):
        (model,) = parse(Source(f"{name}.kspec", text)).declarations
        assert isinstance(model, tree.ModelDecl) and f"{name}" in line
        return
    assert package.compile_text(text).compiled.module
