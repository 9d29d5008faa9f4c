"""E2: arguments and values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Reasoned, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.hints import of_type
from kspec.diagnostics.suggest import closest


class UnknownArgument(Suggesting):
    """A call has an argument that the callee does not take.

    Arguments that Keras has and kspec does not have a help of their own: `dropout(0.5, seed=1)`.
    """

    code: ClassVar[str] = "E201"
    title: ClassVar[str] = "`{callee}` has no argument `{name}`"
    label: ClassVar[str] = "unknown argument"
    note: ClassVar[str] = "it is `{signature}`"

    callee: str
    name: str
    signature: str
    instead: str | None = None

    def help_text(self) -> str:
        """What stands in its place, or the nearest argument."""
        return self.instead or super().help_text()

    @classmethod
    def of(
        cls,
        span: Span,
        callee: str,
        name: str,
        known: Iterable[str],
        signature: str,
        instead: str | None = None,
    ) -> Self:
        """With the nearest argument suggested, or what stands in the place of one of Keras."""
        near = closest(name, known)
        return cls(
            span=span,
            callee=callee,
            name=name,
            signature=signature,
            suggestion=near,
            instead=instead,
        )


class MissingArgument(Diagnostic):
    """A call lacks an argument that has no default. Wrong: `dense()`. Right: `dense(10)`."""

    code: ClassVar[str] = "E202"
    title: ClassVar[str] = "`{callee}` needs its argument `{name}`"
    label: ClassVar[str] = "`{name}` is missing"
    note: ClassVar[str] = "{name}: {doc}"
    help: ClassVar[str] = "write `{callee}({name}=...)`"

    callee: str
    name: str
    doc: str


class TooManyArguments(Diagnostic):
    """A call has more arguments by position than the callee takes."""

    code: ClassVar[str] = "E203"
    title: ClassVar[str] = "`{callee}` takes at most {most} arguments"
    label: ClassVar[str] = "one too many"
    note: ClassVar[str] = "it is `{signature}`"

    callee: str
    most: int
    signature: str

    def title_text(self) -> str:
        """With the right plural."""
        count = f"at most {self.most} arguments" if self.most > 1 else "one argument"
        return f"`{self.callee}` takes {count if self.most else 'no arguments'}"


class DuplicateArgument(Diagnostic):
    """An argument is given twice, by position and by name or by name alone."""

    code: ClassVar[str] = "E204"
    title: ClassVar[str] = "`{callee}` gets `{name}` twice"
    label: ClassVar[str] = "given again"
    help: ClassVar[str] = "keep one of the two"

    callee: str
    name: str


class WrongType(Diagnostic):
    """A value is not of the type that is needed. Wrong: `dense("ten")`. Right: `dense(10)`."""

    code: ClassVar[str] = "E205"
    title: ClassVar[str] = "{name} must be {wanted}"
    label: ClassVar[str] = "this is {got}"

    name: str
    wanted: str
    got: str

    def help_text(self) -> str:
        """What is meant, where that can be told."""
        return of_type(self.name, self.wanted, self.got, self.span.text if self.span else "")


class InvalidArgument(Reasoned):
    """A value is of the right type but out of its range, such as `dropout(1.5)`."""

    code: ClassVar[str] = "E206"
    title: ClassVar[str] = "`{callee}`: {message}"
    label: ClassVar[str] = "{place}"
    rule: ClassVar[str] = "message"

    callee: str
    message: str
    place: str = "in this call"

    def help_text(self) -> str:
        """How a share is written, where one is too large."""
        if not super().help_text() and "must be in [0, 1" in self.message:
            return "a share of the whole is written `0.5` or `50%`"
        return super().help_text()


class NotCallable(Diagnostic):
    """Something that is no layer stands where one is applied or called."""

    code: ClassVar[str] = "E207"
    title: ClassVar[str] = "`{name}` is not a layer that can be called here"
    label: ClassVar[str] = "this is {what}"

    name: str
    what: str


class NotAValue(Diagnostic):
    """Something stands where another kind of value is needed."""

    code: ClassVar[str] = "E208"
    title: ClassVar[str] = "expected {wanted}"
    label: ClassVar[str] = "this is {what}"
    help: ClassVar[str] = "{advice}"

    what: str
    wanted: str
    advice: str = ""


class BadArithmetic(Diagnostic):
    """An operator stands between things that it does not work on."""

    code: ClassVar[str] = "E209"
    title: ClassVar[str] = "`{op}` does not work here"
    label: ClassVar[str] = "between {left} and {right}"

    op: str
    left: str
    right: str = ""

    def label_text(self) -> str:
        """Between two things, or on one."""
        return super().label_text() if self.right else f"on {self.left}"


class DivisionByZero(Diagnostic):
    """A compile-time division has the divisor 0."""

    code: ClassVar[str] = "E210"
    title: ClassVar[str] = "division by zero"
    label: ClassVar[str] = "the divisor is 0"


class RecursiveBlock(Diagnostic):
    """A block uses itself, directly or through others; it would never end."""

    code: ClassVar[str] = "E211"
    title: ClassVar[str] = "the block `{name}` uses itself"
    label: ClassVar[str] = "called again here"
    note: ClassVar[str] = "the calls are {chain}"

    name: str
    chain: str


class TensorUnusable(Diagnostic):
    """A layer stands alone where a tensor is needed. Wrong: `y = dense(3) + x`."""

    code: ClassVar[str] = "E212"
    title: ClassVar[str] = "{what} is not applied to a tensor"
    label: ClassVar[str] = "a tensor is needed here"

    what: str

    def title_text(self) -> str:
        """One layer or several in a row."""
        several = "`" not in self.what and "layers" in self.what
        return "these layers are not applied to a tensor" if several else super().title_text()

    def help_text(self) -> str:
        """How to apply it; a tensor in a place for layers needs nothing of the kind."""
        text = self.span.text if self.span else self.what.strip("`")
        if ("`" not in self.what and "layers" not in self.what) or "\n" in text:
            return ""
        return f"write `x -> {text}`, with `x` the tensor that it works on"


class TooMuchWork(Diagnostic):
    """Blocks and repeats, written out, become more than kspec is willing to compile."""

    code: ClassVar[str] = "E213"
    title: ClassVar[str] = "this model has more than {limit} statements and layers, written out"
    label: ClassVar[str] = "the limit is reached here"
    help: ClassVar[str] = "repeat fewer times"

    limit: int


class BadIndex(Diagnostic):
    """An index is no integer, slice or `...`, or what is indexed is no tensor.

    Wrong: `x[0.5]`. Right: `x[0]`, `x[1:3]`, `x[..., -1]`.
    """

    code: ClassVar[str] = "E214"
    title: ClassVar[str] = "this cannot be indexed like that"
    label: ClassVar[str] = "{reason}"

    reason: str


class WrongNumberOfResults(Diagnostic):
    """There are more or fewer names than results. Right: `y, h, c = x -> lstm(8, ...)`."""

    code: ClassVar[str] = "E215"
    title: ClassVar[str] = (
        "`{names}` are {wanted} names, and that is not how many results there are"
    )
    label: ClassVar[str] = "this is {got}"

    names: str
    wanted: int
    got: str


class ParametersMismatch(Diagnostic):
    """A function that an `extern` names does not take as many operands as the spec declares."""

    code: ClassVar[str] = "E216"
    title: ClassVar[str] = "`{name}` takes {parameters}, not {operands}"
    label: ClassVar[str] = "{operands} declared here"
    note: ClassVar[str] = "`def {name}` is in line {line} of `{path}`"

    name: str
    path: str
    line: int
    parameters: str
    operands: str
