"""What happens on the host before the device: text, vocabularies, hashes. The type rules.

`@op(stage="host")` are functions of a batch; all that they need is moved to `prepare`. Those of
`stage="learn"` are functions of a whole split: their operand is what the split gives, batch by
batch, and their results are the first values of weights.
"""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float
from kspec.ir.types import INTEGERS, STR, TABLE, Dim, TensorType


def _words(type: TensorType, what: str) -> None:
    fits = type.dtype == STR or type.dtype in INTEGERS
    require(fits, f"{what} takes text or integers, not {type}")


@op("split_text", stage="host", required=("standardize", "split", "ngrams", "width"))
def _split_text(types: Types, attrs: Attrs) -> Types:
    """The words of each text, filled up with empty ones: str[B] -> str[B,width]."""
    arity(types, 1, "split_text")
    require(types[0].dtype == STR, f"only text can be split, not {types[0]}")
    require(types[0].rank == 1, f"a text an example is needed, not {types[0]}")
    return (TensorType(STR, (types[0].shape[0], cast("Dim", attrs["width"]))),)


@op(
    "look_up",
    stage="host",
    vocabulary=None,
    first=0,
    unknown=1,
    mask=None,
    masked=0,
    salt=None,
    hashed=False,
)
def _look_up(types: Types, attrs: Attrs) -> Types:
    """The number of each word in a vocabulary, which is an attribute or a table."""
    arity(types, 1 if attrs["vocabulary"] is not None else 2, "look_up")
    _words(types[0], "look_up")
    if len(types) == 2:
        require(types[1].dtype == TABLE, f"a table is needed, not {types[1]}")
    return (types[0].with_dtype("i32"),)


@op("hash_words", stage="host", required=("bins",), mask=None, salt=None)
def _hash_words(types: Types, attrs: Attrs) -> Types:
    """A number below `bins` for each word, by a hash of it."""
    arity(types, 1, "hash_words")
    _words(types[0], "hash_words")
    require(integer(attrs, "bins") > 0, "there must be at least 1 bin")
    return (types[0].with_dtype("i32"),)


@op("hash_crossed", stage="host", required=("bins",))
def _hash_crossed(types: Types, attrs: Attrs) -> Types:
    """A number below `bins` for each combination of words, by a hash of them."""
    require(len(types) > 1, "hash_crossed takes at least 2 operands")
    for type in types:
        _words(type, "hash_crossed")
        require(type.shape == types[0].shape, f"{type} and {types[0]} have different shapes")
    require(integer(attrs, "bins") > 0, "there must be at least 1 bin")
    return (types[0].with_dtype("i32"),)


@op("learn_vocabulary", stage="learn", most=None, without=())
def _learn_vocabulary(types: Types, attrs: Attrs) -> Types:
    """The words of a split, the most frequent first."""
    arity(types, 1, "learn_vocabulary")
    _words(types[0], "a vocabulary")
    return (TensorType(TABLE, ()),)


@op("learn_frequencies", stage="learn", required=("size", "first"))
def _learn_frequencies(types: Types, attrs: Attrs) -> Types:
    """How much each word of a table tells, by the examples that have it."""
    arity(types, 2, "learn_frequencies")
    _words(types[0], "learn_frequencies")
    return (TensorType("f32", (integer(attrs, "size"),)),)


@op("learn_moments", stage="learn", required=("axis",))
def _learn_moments(types: Types, attrs: Attrs) -> Types:
    """The mean and the variance over some axes, the first among them."""
    arity(types, 1, "learn_moments")
    require_float(types[0], "learn_moments")
    over = cast("tuple[int, ...]", attrs["axis"])
    kept = tuple(size for axis, size in enumerate(types[0].shape) if axis not in over)
    return (types[0].with_shape(kept),) * 2


@op("learn_quantiles", stage="learn", required=("bins", "epsilon"))
def _learn_quantiles(types: Types, attrs: Attrs) -> Types:
    """The numbers between which an equal part of all numbers lies."""
    arity(types, 1, "learn_quantiles")
    require_float(types[0], "learn_quantiles")
    return (TensorType("f32", (integer(attrs, "bins") - 1,)),)
