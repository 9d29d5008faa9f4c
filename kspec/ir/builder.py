"""Write ops in order, with types inferred, names made, and places remembered."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from kspec.diagnostics import Span
from kspec.ir.core import Attr, Op, Value
from kspec.ir.ops import OPS
from kspec.ir.types import TensorType


class Builder:
    """Collects the ops of one function.

    Attributes:
        ops: What has been written.
        hint: The word that names new values; `at` sets it.
        hints: Words for the results of an op that has as many.
        span: The place in the spec that new ops come from.
        makers: The op that made each value.
        places: Where values that no op made are declared.
        updates: What training makes of weights that no gradient changes.

    Args:
        reserved: Names that no new value may take.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.ops: list[Op] = []
        self.hint = "x"
        self.hints: tuple[str, ...] = ()
        self.span: Span | None = None
        self.makers: dict[Value, Op] = {}
        self.places: dict[Value, Span] = {}
        self.updates: dict[Value, Value] = {}
        self._taken = set(reserved)
        self._versions: dict[str, int] = {}

    def op(self, name: str, *args: Value, hint: str | None = None, **attrs: Attr) -> Value:
        """Write an op that has one result.

        Raises:
            KeyError: There is no such op.
            TypeRuleError: The op does not take these operands.
        """
        (result,) = self.op_n(name, *args, hint=hint, **attrs)
        return result

    def op_n(
        self, name: str, *args: Value, hint: str | None = None, **attrs: Attr
    ) -> tuple[Value, ...]:
        """Write an op with any number of results."""
        row = OPS[name]
        complete = dict(sorted({**row.defaults, **attrs}.items()))
        types = row.rule(tuple(arg.type for arg in args), complete)
        words = [hint or self.hint] * len(types)
        if len(self.hints) == len(types) > 1 and hint is None:
            words = list(self.hints)
        results = tuple(self.fresh(word, type) for word, type in zip(words, types, strict=True))
        op = Op(name, args, results, complete, self.span)
        self.ops.append(op)
        self.makers.update(dict.fromkeys(results, op))
        return results

    def update(self, weight: Value, new: Value) -> None:
        """Let each step of training put a new value in the place of a fixed weight's."""
        self.updates[weight] = new

    def constant(self, value: int | float | bool, dtype: str = "f32") -> Value:
        """Write a scalar."""
        return self.op("constant", hint="c", value=value, dtype=dtype)

    def fresh(self, hint: str, type: TensorType) -> Value:
        """A value with a new name: the hint, then `hint.2`, `hint.3`."""
        name = hint
        while name in self._taken:
            self._versions[hint] = self._versions.get(hint, 1) + 1
            name = f"{hint}.{self._versions[hint]}"
        self._taken.add(name)
        return Value(name, type)

    @contextmanager
    def at(self, span: Span | None, hint: str, hints: tuple[str, ...] = ()) -> Generator[None]:
        """Write ops as coming from a place, their values named after a word or several."""
        before = self.span, self.hint, self.hints
        self.span, self.hint, self.hints = span, hint, hints
        try:
            yield
        finally:
            self.span, self.hint, self.hints = before
