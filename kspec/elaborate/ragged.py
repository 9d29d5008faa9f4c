"""Ragged inputs and fields: padded values, and masks of time steps made from their lengths.

`input tokens : i32[..200]` is two parameters of the program, `%tokens: i32[B,200]` and
`%tokens_length: i32[B]`. Where batches are as long as the bucket of their examples, the first
is `i32[B,..200]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kspec.data.ragged import length_of
from kspec.diagnostics import Label, Span
from kspec.diagnostics.errors import LengthNameTaken
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.values import Tensor
from kspec.ir import BATCH, Builder, Op, TensorType, Value
from kspec.ir.uses import live_ops


class Padding:
    """Makes the parameters of the program that inputs and fields are.

    Attributes:
        bucketed: Whether batches differ in length.
        lengths: The lengths of each ragged input or field, by its name.
    """

    def __init__(self, reporter: Reporter, builder: Builder) -> None:
        self.reporter = reporter
        self.builder = builder
        self.bucketed = False
        self.lengths: dict[str, Value] = {}

    def parameter(self, name: str, type: TensorType, span: Span, place: Span) -> Tensor:
        """An input or field of a declared type; one that is ragged has a mask.

        Args:
            name: Its name.
            type: Its type, `i32[B,..200]` if it is ragged.
            span: The place of its name.
            place: The place of its declaration.
        """
        bound = type.bound
        padded = type
        if bound is not None and not self.bucketed:
            padded = type.with_shape((BATCH, bound, *type.shape[2:]))
        value = self.builder.fresh(name, padded)
        self.builder.places[value] = place
        if bound is None:
            return Tensor(value, span)
        length = self.builder.fresh(length_of(name), TensorType("i32", (BATCH,)))
        self.builder.places[length] = place
        self.lengths[name] = length
        with self.builder.at(place, f"{name}_mask"):
            mask = self.builder.op("length_mask", value, length)
        return Tensor(value, span, mask)

    def check_names(self, names: Mapping[str, Span]) -> None:
        """Report inputs or fields that are called as the lengths of another one are."""
        for ragged in self.lengths:
            name = length_of(ragged)
            if name in names:
                labels = (Label(names[ragged], "this one is ragged"),) if ragged in names else ()
                mistake = LengthNameTaken(span=names[name], name=name, ragged=ragged, labels=labels)
                self.reporter.report(mistake)

    def needed(
        self, ops: Iterable[Op], results: Iterable[Value]
    ) -> tuple[tuple[Value, ...], tuple[Op, ...]]:
        """The lengths that results need, and the ops without masks that none of them needs."""
        ops = tuple(ops)
        live = live_ops(ops, results)
        made = {value for op in live for value in op.results}
        read = {value for op in live for value in op.uses}
        kept = tuple(op for op in ops if op.name != "length_mask" or op.result in made)
        return tuple(length for length in self.lengths.values() if length in read), kept
