"""Layers that look words and integers up in a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, final

from kspec.ir import INTEGERS, STR, Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer
from kspec.layers.encoding import encoding_misfit
from kspec.layers.words import Mode, Salt, Words
from kspec.registry import Example


class _Lookup(Layer):
    """Words to their numbers in a vocabulary."""

    shape = "batch *words -> batch *numbers"
    listed = ("vocabulary",)

    max_tokens: int | None = arg(
        default=None, doc="The most entries, those for masks and unknown words among them."
    )
    num_oov_indices: int = arg(
        default=1, doc="How many numbers unknown words share; 0 refuses unknown words."
    )
    idf_weights: tuple[float, ...] | None = arg(
        default=None,
        doc="How much each of the given vocabulary tells, for tf_idf.",
        after="vocabulary",
    )
    output_mode: Mode = arg(
        default="int", doc="Numbers, or what `category_encoding` makes of them, or tf_idf."
    )
    pad_to_max_tokens: bool = arg(
        default=False, doc="Whether vectors have max_tokens axes for a given vocabulary, too."
    )
    salt: Salt = arg(
        default=None,
        doc="The key of the hash of what is unknown: SipHash in place of FarmHash.",
        last=True,
    )

    def words(self) -> Words:
        """The vocabulary."""
        raise NotImplementedError

    def _words(
        self,
        mask: str | int | None,
        unknown: str | int,
        given: tuple[str | int, ...] | None,
        hashed: bool = False,
    ) -> Words:
        return Words(
            most=self.max_tokens,
            unknown=self.num_oov_indices,
            mask=mask,
            without=(unknown,),
            given=given,
            tells=self.idf_weights,
            mode=self.output_mode,
            padded=self.pad_to_max_tokens,
            salt=self.salt,
            hashed=hashed,
        )

    def check(self) -> str | None:
        """The arguments together."""
        return self.words().fault()

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """What is learned."""
        return self.words().weights()

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Learning, a lookup, and an encoding."""
        return self.words().lower(b, operands[0], weights)


@final
@layer("string_lookup")
class StringLookup(_Lookup):
    """Words to their numbers in a vocabulary, the most frequent word first.

    With `output_mode=int`, 0 is the mask if there is a mask_token; then come the numbers for
    words that the vocabulary does not have, then its words. Without a vocabulary it is learned
    from the training split; a layer that is shared learns from what its first call gets.
    Vectors of a vocabulary that is learned have max_tokens axes.
    """

    example = Example("word -> string_lookup", word="str")

    mask_token: str | None = arg(
        default=None, doc="The word that means nothing is there.", after="num_oov_indices"
    )
    oov_token: str = arg(
        default="[UNK]",
        doc="A word that is never learned: it stands for unknown ones.",
        after="mask_token",
    )
    vocabulary: tuple[str, ...] | None = arg(
        default=None,
        doc="The words, if they are not to be learned, or a file with one on each line.",
        after="oov_token",
    )

    def misfit(self, *operands: TensorType) -> str | None:
        """Text."""
        if operands[0].dtype != STR:
            return f"it looks text up, not {operands[0]}\n`integer_lookup` is for integers"
        return encoding_misfit(self.output_mode, operands[0])

    def words(self) -> Words:
        """The vocabulary."""
        return self._words(self.mask_token, self.oov_token, self.vocabulary)


@final
@layer("integer_lookup")
class IntegerLookup(_Lookup):
    """Integers to their numbers in a vocabulary, the most frequent integer first.

    With `output_mode=int`, 0 is the mask if there is a mask_token; then come the numbers for
    integers that the vocabulary does not have, then its own. Without a vocabulary it is learned
    from the training split; a layer that is shared learns from what its first call gets.
    Vectors of a vocabulary that is learned have max_tokens axes. With `invert=true` numbers become
    integers again; what is no number of the vocabulary becomes oov_token.
    """

    example = Example("code -> integer_lookup", code="i32")

    mask_token: int | None = arg(
        default=None, doc="The integer that means nothing is there.", after="num_oov_indices"
    )
    oov_token: int = arg(
        default=-1,
        doc="An integer that is never learned: it stands for unknown ones.",
        after="mask_token",
    )
    vocabulary: tuple[int, ...] | None = arg(
        default=None,
        doc="The integers, if they are not to be learned, or a file with one on each line.",
        after="oov_token",
    )
    invert: bool = arg(
        default=False,
        doc="Whether numbers become integers of a given vocabulary again.",
        after="idf_weights",
    )
    oov_method: Literal["floormod", "farmhash"] = arg(
        default="floormod", doc="How unknown integers share numbers: by remainder, or by hash."
    )

    def check(self) -> str | None:
        """The arguments together."""
        if self.salt is not None and self.oov_method != "farmhash":
            return "salt is for oov_method=farmhash"
        if self.invert and self.vocabulary is None:
            return "invert=true needs a vocabulary"
        if self.invert and self.output_mode != "int":
            return "invert=true is for output_mode=int"
        if self.invert and self.oov_token in (self.words().own or ()):
            return f"vocabulary has {self.oov_token}, which stands for unknown numbers"
        return super().check()

    def misfit(self, *operands: TensorType) -> str | None:
        """Integers."""
        if operands[0].dtype not in INTEGERS:
            return f"it looks integers up, not {operands[0]}\n`string_lookup` is for text"
        return encoding_misfit(self.output_mode, operands[0])

    def words(self) -> Words:
        """The vocabulary."""
        hashed = self.oov_method == "farmhash"
        return self._words(self.mask_token, self.oov_token, self.vocabulary, hashed)

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """A lookup; the other way round, of the elements of a table."""
        if not self.invert:
            return super().lower(b, *operands, **weights)
        words = self.words()
        before = (self.mask_token or 0,) * words.first + (self.oov_token,) * words.unknown
        table = (*before, *(words.own or ()), self.oov_token)
        last = b.constant(len(table) - 1, "i32")
        x = b.op("cast", operands[0], dtype="i32")
        known = b.op(
            "logical_and", b.op("greater_equal", x, b.constant(0, "i32")), b.op("less", x, last)
        )
        return b.op("take", b.op("array", value=table, dtype="i32"), b.op("select", known, x, last))
