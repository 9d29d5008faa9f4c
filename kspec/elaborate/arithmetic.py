"""Operators: on numbers while compiling, on tensors in the program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Final, NoReturn

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    BadArithmetic,
    BadOperation,
    DivisionByZero,
    DtypeMismatch,
    InvalidNumber,
    TensorUnusable,
)
from kspec.elaborate import origins
from kspec.elaborate.reporter import Reporter
from kspec.elaborate.values import (
    BlockValue,
    Chain,
    Extern,
    Invocation,
    Meaning,
    Quantity,
    Ref,
    Shared,
    Tensor,
    describe,
)
from kspec.ir import BATCH, Builder, TypeRuleError, Value
from kspec.ops.base import apart

Number = int | float
LAYERS: Final = (BlockValue, Chain, Extern, Invocation, Ref, Shared)

_NUMBERS: Final[dict[str, Callable[[Number, Number], Number | bool]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda x, y: x / y,
    "//": lambda x, y: x // y,
    "**": lambda x, y: x**y,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TENSORS: Final = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "**": "power",
    "@": "matmul",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_LARGEST: Final = 2**63  # what a 64-bit integer holds; also the guard against 9**9**9
_LARGEST_EXPONENT: Final = 1024


def is_number(value: Meaning) -> bool:
    """Whether it is an integer or a float; booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Arithmetic:
    """Applies operators and reports what does not fit."""

    def __init__(self, reporter: Reporter, builder: Builder) -> None:
        self.reporter = reporter
        self.builder = builder

    def negate(self, value: Meaning, span: Span) -> Meaning:
        """`-value`."""
        if isinstance(value, Tensor):
            return self._emit("negative", (value.value,), span, (value,), value.mask)
        if isinstance(value, Quantity):
            return Quantity(-value.value, value.unit)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return -value
        self._reject_one("-", value, span)

    def invert(self, value: Meaning, span: Span) -> bool:
        """`not value`."""
        if not isinstance(value, bool):
            self._reject_one("not", value, span)
        return not value

    def binary(self, op: str, left: Meaning, right: Meaning, span: Span) -> Meaning:
        """`left op right`."""
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self._tensors(op, left, right, span)
        if op in ("and", "or") and isinstance(left, bool) and isinstance(right, bool):
            return (left and right) if op == "and" else (left or right)
        plain = (str, bool, type(None))
        if op in ("==", "!=") and isinstance(left, plain) and isinstance(right, plain):
            return (left == right) is (op == "==")
        if is_number(left) and is_number(right) and op in _NUMBERS:
            assert isinstance(left, (int, float)) and isinstance(right, (int, float))
            return self._numbers(op, left, right, span)
        self._reject(op, left, right, span)

    def _reject_one(self, op: str, value: Meaning, span: Span) -> NoReturn:
        if isinstance(value, LAYERS):
            self.reporter.fail(TensorUnusable(span=value.span, what=describe(value)))
        self.reporter.fail(BadArithmetic(span=span, op=op, left=describe(value)))

    def _reject(self, op: str, left: Meaning, right: Meaning, span: Span) -> NoReturn:
        for side, other in ((left, right), (right, left)):
            if isinstance(side, LAYERS) and isinstance(other, (Tensor, *LAYERS)):
                self.reporter.fail(TensorUnusable(span=side.span, what=describe(side)))
        self.reporter.fail(
            BadArithmetic(span=span, op=op, left=describe(left), right=describe(right))
        )

    def _numbers(self, op: str, left: Number, right: Number, span: Span) -> Meaning:
        if op in ("/", "//") and right == 0:
            self.reporter.fail(DivisionByZero(span=span))
        if op == "**" and (abs(right) > _LARGEST_EXPONENT or (left == 0 and right < 0)):
            self.reporter.fail(InvalidNumber(span=span, reason="the power is out of range"))
        try:
            result = _NUMBERS[op](left, right)
        except OverflowError:
            self.reporter.fail(InvalidNumber(span=span, reason="the result is too large"))
        if isinstance(result, complex) or (isinstance(result, int) and abs(result) >= _LARGEST):
            self.reporter.fail(InvalidNumber(span=span, reason="the result is out of range"))
        return result

    def _tensors(self, op: str, left: Meaning, right: Meaning, span: Span) -> Tensor:
        if op not in _TENSORS:
            self.reporter.fail(
                BadArithmetic(span=span, op=op, left=describe(left), right=describe(right))
            )
        operands = tuple(side for side in (left, right) if isinstance(side, Tensor))
        mask = None if op == "@" else merged_mask(self.builder, operands)
        values = self.promote(op, (left, right), span)
        if op != "@":
            values = self._aligned(values)
        return self._emit(_TENSORS[op], values, span, operands, mask)

    def _aligned(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Shapes are per example: new axes of size 1 go behind the batch axis, not before it."""
        rank = max(value.type.rank for value in values)
        batched = all(value.type.shape[:1] == (BATCH,) for value in values if value.type.rank)
        if not batched:
            return values
        aligned: list[Value] = []
        for value in values:
            missing = rank - value.type.rank
            if value.type.rank and missing:
                shape = (BATCH, *[1] * missing, *value.type.shape[1:])
                value = self.builder.op("reshape", value, shape=shape)
            aligned.append(value)
        return tuple(aligned)

    def promote(self, op: str, sides: tuple[Meaning, ...], span: Span) -> tuple[Value, ...]:
        """Tensors and numbers as values of one dtype: integers follow floats, as in JAX."""
        tensors = [side.value for side in sides if isinstance(side, Tensor)]
        floats = [value.type.dtype for value in tensors if value.type.is_float]
        numbers = [side for side in sides if not isinstance(side, Tensor)]
        if any(not is_number(number) for number in numbers):
            self._reject(op, sides[0], sides[-1], span)
        dtype = next(iter([*floats, *(value.type.dtype for value in tensors)]), "i32")
        if op == "/" or any(isinstance(number, float) for number in numbers):
            dtype = dtype if floats else "f32"
        to_float = bool(floats) or dtype == "f32"
        values: list[Value] = []
        for side in sides:
            if not isinstance(side, Tensor):
                assert isinstance(side, (int, float))
                values.append(self.builder.constant(float(side) if to_float else side, dtype))
                continue
            value = side.value
            if value.type.dtype != dtype:
                if value.type.is_float or not to_float:
                    left, right = str(tensors[0].type), str(tensors[-1].type)
                    self.reporter.fail(DtypeMismatch(span=span, op=op, left=left, right=right))
                value = self.builder.op("cast", value, dtype=dtype)
            values.append(value)
        return tuple(values)

    def _emit(
        self,
        name: str,
        args: tuple[Value, ...],
        span: Span,
        operands: tuple[Tensor, ...],
        mask: Value | None,
    ) -> Tensor:
        try:
            return Tensor(apart(args, self.builder.op(name, *args)), span, mask)
        except TypeRuleError as error:
            message = str(error)
            if "\n" not in message:
                message += origins.advice(self.builder, operands)
            labels = origins.labels(self.builder, operands, span)
            self.reporter.fail(BadOperation(span=span, message=message, labels=labels))


def merged_mask(builder: Builder, sides: Iterable[Meaning]) -> Value | None:
    """The mask of what comes of several tensors, element by element, as in Keras' `add`.

    A time step counts if it counts for one of them; all count if one has no mask. Numbers
    and weights, which are the same for every example, have no say.
    """
    tensors = [side for side in sides if isinstance(side, Tensor)]
    masks = [side.mask for side in tensors if side.value.type.shape[:1] == (BATCH,)]
    if not masks or any(mask is None for mask in masks):
        return None
    different = [mask for mask in dict.fromkeys(masks) if mask is not None]
    merged = different[0]
    for mask in different[1:]:
        merged = builder.op("logical_or", merged, mask, hint=merged.hint)
    return merged
