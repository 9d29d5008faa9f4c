"""What an author meant, told from what stands there and what was needed."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from kspec.diagnostics.suggest import closest

# Settings that other tools have in this place, and where kspec has them.
ELSEWHERE: Final = MappingProxyType(
    {
        "buckets": "write it in the data block, which has the ragged fields",
        "callbacks": "write a section each: `stop { ... }`, `checkpoint { ... }`",
        "early_stopping": "write a section: `stop { patience = 3 }`",
        "learning_rate": "write it in the optimizer: `optimizer = adam(1e-3)`",
        "loss_weights": "write a sum: `loss = 0.7 * ... + 0.3 * ...`",
        "lr": "write it in the optimizer: `optimizer = adam(1e-3)`",
        "steps_per_epoch": "delete it: an epoch is once through the training split",
        "validation_data": "write `split = { train: ..., validation: ... }` in the data block",
        "validation_split": "write `split = { train: 80%, validation: 20% }` in the data block",
    }
)
_KINDS: Final = ("activation", "initializer", "optimizer", "loss", "source", "layer")


def of_type(name: str, wanted: str, got: str, text: str) -> str:
    """Help for a value of the wrong type, or nothing.

    Args:
        name: What the value is for.
        wanted: What is needed, in words.
        got: What stands there, in words.
        text: What stands there, as it is written.
    """
    if got.startswith("the string") and "string" not in wanted:
        bare = got.removeprefix('the string "').removesuffix('"')
        if bare.isidentifier() and any(kind in wanted for kind in _KINDS):
            return f"write `{bare}` without quotes"
    if got.startswith("the number") and "integer" in wanted:
        return _integer(got.removeprefix("the number "), text)
    if name == "a condition" and got.startswith("a tensor"):
        return "`where(condition, x, y)` chooses for each element while the model runs"
    if name == "an axis" and got == "none":
        return "leave the batch axis out; a capital letter such as `T` stands for any other size"
    word = re.fullmatch(r'(?:the string )?["`](\w+)["`]', got)
    near = word and closest(word[1], re.findall(r"`(\w+)`", wanted))
    return f"write `{near}`" if near else ""


def _integer(number: str, text: str) -> str:
    if "/" in text and "//" not in text:
        return f"`/` gives a float; write `{text.replace('/', '//')}` to divide integers"
    whole = re.fullmatch(r"(-?\d+)\.0", number)
    return f"write `{whole[1]}`" if whole else ""
