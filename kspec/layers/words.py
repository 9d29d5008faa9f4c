"""What layers with a vocabulary do: learn it, look words up, encode their numbers.

Words never get to the device: they are looked up before, in NumPy, in training, evaluation
and prediction alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from kspec.initializers.constants import Zeros
from kspec.ir import TABLE, Builder, Value
from kspec.layers.base import WeightSpec
from kspec.layers.encoding import encode

Mode: TypeAlias = Literal["int", "one_hot", "multi_hot", "count", "tf_idf"]
Salt: TypeAlias = int | tuple[int, int] | None
MOST_UNKNOWN: Final = 2**30  # the numbers of words are i32


@dataclass(frozen=True, slots=True)
class Words:
    """A vocabulary, given or learned, and how its words become numbers and vectors.

    Attributes:
        most: The most entries, those for the mask and for unknown words among them.
        unknown: How many numbers unknown words share.
        mask: The word that means nothing is there.
        without: Words that are never learned, beside the mask.
        given: The vocabulary; None where it is learned. The entries for the mask and for unknown
            words may stand before it, as in what Keras' `get_vocabulary` gives.
        tells: How much each word of a given vocabulary tells, for `tf_idf`.
        mode: What becomes of the numbers.
        padded: Whether vectors of a given vocabulary have `most` axes, too.
        salt: The key of the hash of unknown words.
        hashed: Whether unknown integers share numbers by their hash, not by remainder.
    """

    most: int | None
    unknown: int
    mask: str | int | None
    without: tuple[str | int, ...]
    given: tuple[str | int, ...] | None
    tells: tuple[float, ...] | None
    mode: Mode
    padded: bool
    salt: Salt = None
    hashed: bool = False

    @property
    def first(self) -> int:
        """The number of the first unknown word: with `int` the mask is before it."""
        return int(self.mask is not None and self.mode == "int")

    @property
    def start(self) -> int:
        """The number of the vocabulary's first word."""
        return self.first + self.unknown

    @property
    def own(self) -> tuple[str | int, ...] | None:
        """The words of a given vocabulary."""
        given = self.given
        if given is None or len(given) < self.start:
            return given
        before = (self.mask,) * self.first + self.without[:1] * self.unknown
        return given[self.start :] if given[: self.start] == before else given

    @property
    def depth(self) -> int | None:
        """How many numbers there are; None where only learning tells."""
        own = self.own
        if own is None or (self.padded and self.most):
            return self.most
        return self.start + len(own)

    def fault(self) -> str | None:
        """What is wrong with the arguments together, or None."""
        if self.unknown < 0:
            return "num_oov_indices must not be negative"
        if self.unknown > MOST_UNKNOWN:
            return f"num_oov_indices must be at most {MOST_UNKNOWN}"
        if self.most is not None and self.most <= self.start:
            return f"max_tokens must be above {self.start}, the entries that are no words"
        if self.padded and self.most is None:
            return "pad_to_max_tokens needs max_tokens"
        if self.mode != "int" and self.depth is None:
            return f"max_tokens is needed for output_mode={self.mode}, or a vocabulary"
        wanted = self.mode == "tf_idf" and self.given is not None
        if (self.tells is not None) != wanted:
            return "idf_weights go with a vocabulary and output_mode=tf_idf, and only there"
        return self._vocabulary_fault()

    def _vocabulary_fault(self) -> str | None:
        words = self.own
        if words is None:
            return None
        if len(set(words)) < len(words):
            twice = next(word for number, word in enumerate(words) if word in words[:number])
            return f"vocabulary has {twice!r} twice"
        if self.mask is not None and self.mask in words:
            return f"vocabulary has {self.mask!r}, which is the mask"
        if self.most is not None and self.start + len(words) > self.most:
            return f"vocabulary has {len(words)} words, but max_tokens is {self.most}"
        if self.tells is not None and len(self.tells) != len(words):
            return f"idf_weights has {len(self.tells)} numbers, for {len(words)} words"
        return None if words else "vocabulary is empty"

    def weights(self) -> Mapping[str, WeightSpec]:
        """What is learned: the vocabulary, and how much its words tell."""
        if self.given is not None:
            return {}
        table = {"vocabulary": WeightSpec((), Zeros(), trainable=False, dtype=TABLE)}
        if self.mode != "tf_idf" or self.depth is None:
            return table
        return {**table, "idf_weights": WeightSpec((self.depth,), Zeros(), trainable=False)}

    def lower(
        self, b: Builder, words: Value, weights: Mapping[str, Value], whole: Value | None = None
    ) -> Value:
        """Write learning, the lookup, and the encoding.

        Args:
            b: The builder.
            words: What is looked up.
            weights: The weights.
            whole: What is learned from, if that is more.
        """
        numbers = b.op(
            "look_up",
            words,
            *self._learn(b, words if whole is None else whole, weights),
            vocabulary=self.own,
            first=self.first,
            unknown=self.unknown,
            mask=self.mask,
            masked=0 if self.mode == "int" else -1,
            salt=key_of(self.salt),
            hashed=self.hashed,
        )
        if self.mode == "int":
            return numbers
        assert self.depth is not None
        if self.mode != "tf_idf":
            return encode(b, numbers, self.mode, self.depth)
        counts = encode(b, numbers, "count", self.depth)
        tells = weights["idf_weights"] if self.given is None else self._told(b)
        return b.op("multiply", counts, tells)

    def _learn(self, b: Builder, words: Value, weights: Mapping[str, Value]) -> tuple[Value, ...]:
        """Let the vocabulary be learned from these words; the table, if there is one."""
        if self.given is not None:
            return ()
        table = weights["vocabulary"]
        without = self.without if self.mask is None else (self.mask, *self.without)
        most = None if self.most is None else self.most - self.start
        b.learn((table,), "learn_vocabulary", words, most=most, without=without)
        if "idf_weights" in weights:
            told = (weights["idf_weights"],)
            b.learn(told, "learn_frequencies", words, table, size=self.depth, first=self.unknown)
        return (table,)

    def _told(self, b: Builder) -> Value:
        """The given weights; the mean of them for unknown words, and 0 for what is not there."""
        given = self.tells or (0.0,)
        told = b.op("array", value=given, dtype="f32")
        if self.unknown:
            mean = sum(given) / len(given)
            told = b.op("pad", told, pad_width=((self.unknown, 0),), value=mean)
        rest = (self.depth or 0) - self.unknown - len(given)
        return b.op("pad", told, pad_width=((0, rest),)) if rest else told


def key_of(salt: Salt) -> tuple[int, int] | None:
    """A salt as the two numbers of a key."""
    return (salt, salt) if isinstance(salt, int) else salt
