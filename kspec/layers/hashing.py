"""Layers that hash words to bins: categories without a vocabulary."""

from __future__ import annotations

from typing import Literal, final

from kspec.ir import INTEGERS, STR, Builder, TensorType, Value
from kspec.layers.base import Layer, arg, layer
from kspec.layers.encoding import encode, encoding_misfit
from kspec.layers.words import Salt, key_of
from kspec.registry import Example


@final
@layer("hashing")
class Hashing(Layer):
    """Words or integers to bins by a hash of them, which needs no vocabulary.

    The hash is FarmHash's Fingerprint64, or SipHash-2-4 with a salt: the same everywhere and
    always. It is done on the host.
    """

    example = Example("word -> hashing(8)", word="str")

    shape = "batch *words -> batch *numbers"

    num_bins: int = arg(doc="How many bins there are.")
    mask_value: str | int | None = arg(
        default=None, doc="The word that has bin 0, which is no other's then."
    )
    salt: Salt = arg(default=None, doc="The key of the hash, one number or two.")
    output_mode: Literal["int", "one_hot", "multi_hot", "count"] = arg(
        default="int", doc="Bins, or what `category_encoding` makes of them."
    )

    def check(self) -> str | None:
        """There is a bin."""
        return None if self.num_bins > 0 else "num_bins must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """Words or integers."""
        type = operands[0]
        if type.dtype != STR and type.dtype not in INTEGERS:
            return f"it takes text or integers, not {type}"
        mask = self.mask_value
        if mask is not None and isinstance(mask, str) != (type.dtype == STR):
            return f"mask_value is {mask!r}, but it gets {type}"
        return encoding_misfit(self.output_mode, type)

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A hash, and an encoding."""
        bins, mask, salt = self.num_bins, self.mask_value, key_of(self.salt)
        numbers = b.op("hash_words", operands[0], bins=bins, mask=mask, salt=salt)
        return encode(b, numbers, self.output_mode, bins)


@final
@layer("hashed_crossing")
class HashedCrossing(Layer):
    """Combinations of words or integers to bins, by a hash of them together.

    It takes two tensors or more, each with one word an example.
    """

    example = Example("(word, code) -> hashed_crossing(8)", word="str", code="i32")

    shape = "batch *one -> batch *number"
    variadic = True

    num_bins: int = arg(doc="How many bins there are.")
    output_mode: Literal["int", "one_hot"] = arg(default="int", doc="Bins, or a vector of each.")

    def check(self) -> str | None:
        """There is a bin."""
        return None if self.num_bins > 0 else "num_bins must be at least 1"

    def misfit(self, *operands: TensorType) -> str | None:
        """One word an example, all of one shape."""
        for type in operands:
            if type.dtype != STR and type.dtype not in INTEGERS:
                return f"it takes text or integers, not {type}"
            if type.shape[1:] not in ((), (1,)):
                return f"it takes one word an example, not {type}"
            if type.shape != operands[0].shape:
                return f"{operands[0]} and {type} have different shapes"
        return None

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A hash, and an encoding."""
        numbers = b.op("hash_crossed", *operands, bins=self.num_bins)
        return encode(b, numbers, self.output_mode, self.num_bins)
