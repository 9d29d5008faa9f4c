"""What Keras has and kspec leaves out on purpose, each name with its reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kspec.registry import lookup

ANOTHER = "another name of `{}`"
OPERATOR = "is `{}`"
SEVERAL = "gives several tensors"
COMPLEX = "complex numbers"
OPEN = "gives a tensor whose shape depends on the numbers"
MIXES = "mixes examples"
FUNCTION = "needs a Python function"
KNOWN = "is known while compiling: types are in the spec"
LAYERS = "is a layer here, `{}`"

_OTHER_NAMES: Final = {
    "absolute": "abs",
    "fabs": "abs",
    "amax": "max",
    "amin": "min",
    "bitwise_not": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift",
    "true_divide": "divide",
    "swish": "silu",
    "hard_swish": "hard_silu",
}
_SEVERAL: Final = (
    *("split", "array_split", "hsplit", "vsplit", "dsplit", "unstack", "top_k", "moments"),
    *("meshgrid", "unravel_index", "histogram", "slogdet", "eigh", "qr", "svd", "lu_factor"),
    *("rfft", "stft", "ctc_decode"),
)
_COMPLEX: Final = (
    *("angle", "real", "imag", "conj", "conjugate", "isreal", "polar", "eig"),
    *("fft", "fft2", "ifft2", "irfft", "istft", "view_as_complex", "view_as_real"),
)
_FUNCTION: Final = (
    *("associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch"),
    *("vectorize", "vectorized_map", "while_loop"),
)
_MIXES: Final = {
    "allclose": "mixes examples; `all(isclose(x1, x2))` does not",
    "corrcoef": "mixes examples: they are its variables",
    "correlate": "is for one row of numbers; `conv` slides over batches",
    "flipud": "mixes examples: it turns the batch axis; `flip` turns others",
    "psnr": "mixes examples; it is `10 * log10(square(max_val) / mean(square(x1 - x2)))`",
    "scatter": "mixes examples: its indices are places of a whole array",
    "scatter_update": "mixes examples: its indices are places of a whole array",
    **dict.fromkeys(("segment_max", "segment_min", "segment_prod", "segment_sum"), MIXES),
    "vstack": "joins along the batch axis; `concatenate` joins along others",
}
_LAYERS: Final = {  # kinds of what a spec has under the same or a longer name
    "batch_normalization": LAYERS.format("batch_normalization"),
    "layer_normalization": LAYERS.format("layer_normalization"),
    "rms_normalization": LAYERS.format("rms_normalization"),
    "identity": "the layer of that name means another thing; it is `eye(n)`",
    "average": "the layer of that name means another thing; it is `sum(x * w) / sum(w)`",
    "adaptive_average_pool": LAYERS.format("adaptive_average_pooling2d"),
    "adaptive_max_pool": LAYERS.format("adaptive_max_pooling2d"),
    "conv_transpose": LAYERS.format("conv2d_transpose"),
    "dot_product_attention": LAYERS.format("attention"),
    "ctc_loss": "is a loss here, `ctc`",
}
_OTHERS: Final = {
    **dict.fromkeys(("image", "linalg", "nn", "numpy"), "a module"),
    **dict.fromkeys(("dtype", "ndim", "shape", "size"), KNOWN),
    **dict.fromkeys(("convert_to_numpy", "convert_to_tensor", "copy"), "everything is a tensor"),
    "is_tensor": "everything is a tensor",
    **dict.fromkeys(("empty", "empty_like"), "gives numbers that nothing defines"),
    "argpartition": "gives places in an order that nothing defines; `argsort` does not",
    "bincount": OPEN + "; `sum(one_hot(x, n), axis=1)` counts",
    "nonzero": OPEN,
    "unique": OPEN,
    "get_item": OPERATOR.format("x[...]"),
    "slice": OPERATOR.format("x[1:3]"),
    "select": "takes lists of tensors; it is a `where` in a `where`",
    "view": "reads the bits of one type as another",
}


def _ops() -> Mapping[str, str]:
    table = {name: ANOTHER.format(other) for name, other in _OTHER_NAMES.items()}
    table |= dict.fromkeys(_SEVERAL, SEVERAL)
    table |= dict.fromkeys(_COMPLEX, COMPLEX)
    table |= dict.fromkeys(_FUNCTION, FUNCTION)
    return table | _MIXES | _LAYERS | _OTHERS


OPS: Final = _ops()


def elsewhere(name: str) -> str | None:
    """Why an op of Keras is no op here: it is there as something else; None where it is not."""
    for kind, words in (("activation", "an activation"), ("loss", "a loss")):
        if lookup(kind, name) is not None:
            return f"is {words} here"
    return None
