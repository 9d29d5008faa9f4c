"""Texts to numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, final

from kspec.ir import STR, Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer
from kspec.layers.words import Mode, Words
from kspec.registry import Example

MOST_WORDS: Final = 1000  # of an n-gram


@final
@layer("text_vectorization")
class TextVectorization(Layer):
    """A text as the numbers of its words: 0 fills up, 1 is an unknown word, then come words.

    Texts are standardized, split, and looked up on the host, in training, evaluation and
    prediction alike; the vocabulary is learned from the training split unless it is given, the
    most frequent word first. Other modes than `int` give a vector for each text, without a
    place for the filling. Vectors of a vocabulary that is learned have max_tokens axes.
    """

    example = Example("text -> text_vectorization(output_sequence_length=8)", text="str")

    shape = "batch -> batch *numbers"
    listed = ("vocabulary",)

    max_tokens: int | None = arg(
        default=None, doc="The most entries, those for filling and unknown words among them."
    )
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = arg(
        default="lower_and_strip_punctuation", doc="What happens to the ASCII letters and signs."
    )
    split: Literal["whitespace", "character"] | None = arg(
        default="whitespace", doc="Where words end; `none` takes a text as one word."
    )
    ngrams: int | tuple[int, ...] | None = arg(
        default=None, doc="Words are all rows of up to so many, or of these sizes."
    )
    output_mode: Mode = arg(
        default="int", doc="Numbers, or what `category_encoding` makes of them, or tf_idf."
    )
    output_sequence_length: int | None = arg(
        default=None, doc="How many numbers a text has; as many as the longest has by default."
    )
    pad_to_max_tokens: bool = arg(
        default=False, doc="Whether vectors have max_tokens axes for a given vocabulary, too."
    )
    vocabulary: tuple[str, ...] | None = arg(
        default=None,
        doc="The words, if they are not to be learned, or a file with one on each line.",
    )
    idf_weights: tuple[float, ...] | None = arg(
        default=None, doc="How much each word of the vocabulary tells, for tf_idf."
    )

    def check(self) -> str | None:
        """The arguments together."""
        sizes = (self.ngrams,) if isinstance(self.ngrams, int) else self.ngrams or ()
        if not all(1 <= size <= MOST_WORDS for size in sizes):
            return f"ngrams must be from 1 to {MOST_WORDS}"
        if self.output_sequence_length is not None and self.output_mode != "int":
            return "output_sequence_length is for output_mode=int"
        if self.output_sequence_length is not None and self.output_sequence_length < 1:
            return "output_sequence_length must be at least 1"
        return self.words().fault()

    def misfit(self, *operands: TensorType) -> str | None:
        """Text."""
        if operands[0].dtype == STR:
            return None
        return f"it takes text, not {operands[0]}\ndeclare the input as `str`"

    def words(self) -> Words:
        """The vocabulary."""
        return Words(
            most=self.max_tokens,
            unknown=1,
            mask="",
            without=("[UNK]",),
            given=self.vocabulary,
            tells=self.idf_weights,
            mode=self.output_mode,
            padded=self.pad_to_max_tokens,
        )

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """What is learned."""
        return self.words().weights()

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Words, and their numbers."""
        whole = self._split(b, operands[0], _width(b))
        words = whole
        if self.output_sequence_length is not None:
            words = self._split(b, operands[0], self.output_sequence_length)
        return self.words().lower(b, words, weights, whole)

    def _split(self, b: Builder, text: Value, width: int | str) -> Value:
        ngrams = self.ngrams
        if isinstance(ngrams, int):
            ngrams = tuple(range(1, ngrams + 1))
        return b.op(
            "split_text",
            text,
            hint="words",
            standardize=self.standardize,
            split=self.split,
            ngrams=ngrams,
            width=width,
        )


def _width(b: Builder) -> str:
    """The name of an axis that no other text has."""
    texts = sum(op.name == "split_text" for op in b.ops)
    return f"words_{texts + 1}" if texts else "words"
