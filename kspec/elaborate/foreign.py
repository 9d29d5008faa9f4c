"""Arguments that Keras has and kspec does not, each with what stands in its place, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# By the argument's name; below, by its callee's, or that one's kind, as well.
INSTEAD: Final[Mapping[str, str]] = {
    "activity_regularizer": "`activity_regularization(l2=0.01)` behind it penalizes its result",
    "data_format": "the last axis is that of the channels",
    "dtype": "`precision = mixed_bfloat16` in the train block chooses dtypes",
    "encoding": "text is decoded where data is read, as UTF-8",
    "flash_attention": "the compiler chooses how attention is computed",
    "gptq_unpacked_column_size": "weights are not quantized",
    "gradient_accumulation_steps": "`accumulate = 4` in the train block does what it does",
    "input_axes": "each layer says which axes of its weights go in",
    "output_axes": "each layer says which axes of its weights come out",
    "quantization_config": "weights are not quantized",
    "ragged": "texts are filled up, and `embedding(..., mask_zero=true)` leaves the filling out",
    "reduction": "a loss is the mean over what counts; factors and `sample_weight` scale it",
    "reverse_dtype": "`precision = mixed_bfloat16` in the train block chooses dtypes",
    "seed": "all chance follows from `seed` in the train block",
    "sparse": "all tensors are dense",
    "stateful": "the examples of a batch do not go on in the next; `initial_state` gives a state",
    "use_cudnn": "the compiler chooses how recurrent layers are computed",
    "vocabulary_dtype": "integers are what their field says",
    "weights": '`load PATH from "FILE"` in the train block sets weights',
}
OF_ONE: Final[Mapping[tuple[str, str], str]] = {
    ("string_lookup", "invert"): "models give numbers; `tables.json` of a run has the words",
    ("layer", "name"): "a statement names what it makes: `hidden = x -> dense(8)`",
    ("layer", "input_shape"): "inputs say their shapes: `input x : f32[8]`",
    ("layer", "trainable"): "`freeze PATH` in the train block does what it does",
}


def instead(kind: str, callee: str, argument: str) -> str | None:
    """What stands in the place of an argument of Keras, or why it is not there."""
    if kind in ("source", "callback"):  # whose arguments are kspec's own
        return None
    for key in ((callee, argument), (kind, argument)):
        if key in OF_ONE:
            return OF_ONE[key]
    return INSTEAD.get(argument)
