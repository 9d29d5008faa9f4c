"""The names that are meant: the nearest of the names that would have been right."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

# Words of Keras, of older Keras, of PyTorch and of other commands, and what stands for them here.
RENAMED: Final = MappingProxyType(
    {
        **dict.fromkeys(("batch_size",), "batch"),
        **dict.fromkeys(("nb_epoch", "num_epochs", "n_epochs"), "epochs"),
        **dict.fromkeys(("lr", "rate"), "learning_rate"),
        **dict.fromkeys(("out_features", "output_dim", "num_units", "output_size"), "units"),
        **dict.fromkeys(("out_channels", "nb_filter", "num_filters"), "filters"),
        **dict.fromkeys(("num_embeddings", "vocab_size"), "input_dim"),
        **dict.fromkeys(("embedding_dim",), "output_dim"),
        **dict.fromkeys(("stride", "subsample"), "strides"),
        **dict.fromkeys(("border_mode",), "padding"),
        **dict.fromkeys(("dilation",), "dilation_rate"),
        **dict.fromkeys(("init", "weight_init"), "kernel_initializer"),
        **dict.fromkeys(("bias",), "use_bias"),
        **dict.fromkeys(("p", "drop_rate", "dropout_rate"), "rate"),
        **dict.fromkeys(("eps",), "epsilon"),
        **dict.fromkeys(("save_best_only", "monitor"), "best"),
        **dict.fromkeys(("save_freq",), "every"),
        **dict.fromkeys(("fit", "train"), "run"),
        **dict.fromkeys(("evaluate", "test"), "eval"),
        **dict.fromkeys(("validate", "lint"), "check"),
        **dict.fromkeys(("format",), "fmt"),
    }
)


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to a name, if it is near enough.

    What another tool calls it is, and so are the same letters in another case; otherwise a
    third of the name's letters may differ, so that names of one or two letters are like no
    other. Keras' `val_loss` is `validation.loss`.
    """
    known = sorted(set(candidates) - {name})
    if RENAMED.get(name) in known:
        return RENAMED[name]
    if name.startswith("val_") and any(each.startswith("validation.") for each in known):
        name = name.replace("val_", "validation.", 1)
    for candidate in known:
        if candidate.lower() == name.lower():
            return candidate
    limit = len(name) // 3
    ranked = [(distance(name.lower(), each.lower(), limit), each) for each in known]
    near = [(far, each) for far, each in ranked if far <= limit]
    return min(near)[1] if near else None


def distance(a: str, b: str, limit: int) -> int:
    """Edits from `a` to `b`, swaps of neighbours counted once; above `limit` it is cut off."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
