"""What happens on the host, in NumPy: the calls of the helpers."""

from __future__ import annotations

from kspec.codegen.ops.table import Writer, emits, emits_helper, literal
from kspec.ir import OPS, Op


@emits("split_text")
def _split_text(op: Op, w: Writer, args: list[str]) -> str:
    names = ("standardize", "split", "ngrams")
    given = ", ".join(f"{name}={literal(op.attrs[name])}" for name in names)
    width = op.attrs["width"]
    shown = "None" if isinstance(width, str) else width
    return f"{w.helper('split_text')}({args[0]}, {given}, width={shown})"


@emits("look_up")
def _look_up(op: Op, w: Writer, args: list[str]) -> str:
    words, *table = args
    vocabulary = table[0] if table else literal(op.attrs["vocabulary"])
    usual = OPS["look_up"].defaults

    given = [
        f"{name}={literal(op.attrs[name])}"
        for name, value in usual.items()
        if name != "vocabulary" and op.attrs[name] != value
    ]
    return f"{w.helper('look_up')}({', '.join([words, vocabulary, *given])})"


emits_helper("hash_words", "bins", "mask", "salt", mask=None, salt=None)
emits_helper("hash_crossed", "bins")
emits_helper("learn_vocabulary", "most", "without", most=None, without=())
emits_helper("learn_frequencies", "size", "first")
emits_helper("learn_moments", "axis")
emits_helper("learn_quantiles", "bins", "epsilon")
