"""E3: shapes and element types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Reasoned, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.suggest import closest


class WrongShape(Diagnostic):
    """A layer or block gets a tensor with other axes than it works on.

    Wrong: `input x : f32[10]` and `x -> conv2d(8, 3)`. Right: `input x : f32[28, 28, 1]`.
    """

    code: ClassVar[str] = "E301"
    title: ClassVar[str] = "`{layer}` does not accept {got}"
    label: ClassVar[str] = "needs `{wanted}`, gets {got}"
    help: ClassVar[str] = "{advice}"

    layer: str
    wanted: str
    got: str
    advice: str = ""


class ShapeMisfit(Reasoned):
    """A tensor has the right number of axes, but their sizes do not fit."""

    code: ClassVar[str] = "E302"
    title: ClassVar[str] = "`{layer}` does not fit here"
    label: ClassVar[str] = "{reason}"

    layer: str
    reason: str


class WrongOperandCount(Diagnostic):
    """A layer gets more or fewer tensors than it works on."""

    code: ClassVar[str] = "E303"
    title: ClassVar[str] = "`{layer}` works on {wanted} tensors, not {got}"
    label: ClassVar[str] = "gets {got}"

    layer: str
    wanted: str
    got: int

    def title_text(self) -> str:
        """With the right plural."""
        noun = "tensor" if self.wanted == "1" else "tensors"
        return f"`{self.layer}` works on {self.wanted} {noun}, not {self.got}"


class DtypeMismatch(Diagnostic):
    """Two element types meet that do not go together."""

    code: ClassVar[str] = "E304"
    title: ClassVar[str] = "`{op}`: {left} does not go with {right}"
    label: ClassVar[str] = "{left} meets {right}"
    help: ClassVar[str] = "declare both with one element type; `rescaling(1)` makes integers f32"

    op: str
    left: str
    right: str


class TypeNoteMismatch(Diagnostic):
    """A written type is not the type that the value has."""

    code: ClassVar[str] = "E305"
    title: ClassVar[str] = "`{name}` is {actual}, not {declared}"
    label: ClassVar[str] = "this says {declared}"
    note: ClassVar[str] = "B is the batch axis, which specs leave out"

    name: str
    declared: str
    actual: str


class UnknownDimension(Diagnostic):
    """A size is a name that nothing binds. Symbolic dimensions start with a capital letter."""

    code: ClassVar[str] = "E306"
    title: ClassVar[str] = "there is no size `{name}`"
    label: ClassVar[str] = "not a number that is known here"
    help: ClassVar[str] = "make it a parameter, or a symbolic dimension with a capital letter"

    name: str

    def help_text(self) -> str:
        """`B` is taken by the batch axis."""
        if self.name == "B":
            return "`B` is the batch axis, which is there by itself; take another letter"
        return super().help_text()


class FreeSize(Diagnostic):
    """The result of an `extern` has a size that none of its operands has.

    Wrong: `f32[T] -> f32[U]`. Right: `f32[T] -> f32[T]`, or `f32[T] -> f32[8]`.
    """

    code: ClassVar[str] = "E312"
    title: ClassVar[str] = "nothing says what `{size}` is in the result of `{name}`"
    label: ClassVar[str] = "in no operand"
    help: ClassVar[str] = "write a number, or a size of an operand"

    name: str
    size: str


class UnknownDtype(Suggesting):
    """A type is called something that no type is called."""

    code: ClassVar[str] = "E307"
    title: ClassVar[str] = "there is no type `{name}`"
    label: ClassVar[str] = "unknown type"
    note: ClassVar[str] = "the types are {types}"

    name: str
    types: str

    @classmethod
    def of(cls, span: Span, name: str, known: Iterable[str]) -> Self:
        """With the nearest type suggested; Keras' long names are understood."""
        names = tuple(known)
        long = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "string": "str"}
        long |= {"int32": "i32", "int16": "i16", "int8": "i8", "uint8": "u8", "boolean": "bool"}
        long |= dict.fromkeys(("float64", "f64", "float", "double"), "f32")
        long |= dict.fromkeys(("int64", "i64", "int", "long"), "i32")
        near = long.get(name) or closest(name, names)
        suggestion = near if near in names else None
        return cls(span=span, name=name, types=", ".join(names), suggestion=suggestion)


class NeedsFixedSize(Diagnostic):
    """A weight would need the size of an axis that has no fixed size."""

    code: ClassVar[str] = "E308"
    title: ClassVar[str] = "`{layer}` needs the axis `{dim}` to have a fixed size"
    label: ClassVar[str] = "its weights depend on `{dim}`"
    help: ClassVar[str] = "give the input a number in place of `{dim}`"

    layer: str
    dim: str

    def help_text(self) -> str:
        """A ragged axis is open only where batches differ in length."""
        if self.dim.startswith(".."):
            return f"without `buckets` in the data it is {self.dim[2:]} long"
        return super().help_text()


class BadOperation(Reasoned):
    """An operation does not work on tensors of these types."""

    code: ClassVar[str] = "E309"
    title: ClassVar[str] = "these tensors do not go together"
    label: ClassVar[str] = "{message}"
    rule: ClassVar[str] = "message"

    message: str


class NoBatchAxis(Diagnostic):
    """An output of a model is the same for every example: it does not depend on any input."""

    code: ClassVar[str] = "E310"
    title: ClassVar[str] = "the output `{name}` does not depend on an input"
    label: ClassVar[str] = "this is {actual}, without a batch axis"

    name: str
    actual: str
