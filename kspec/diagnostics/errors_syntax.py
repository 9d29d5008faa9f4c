"""E0: texts that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.suggest import closest


class SyntaxMistake(Suggesting):
    """The text does not follow the grammar at this place.

    Wrong: `dense(10 relu)`. Right: `dense(10, relu)`.
    """

    code: ClassVar[str] = "E001"
    title: ClassVar[str] = "unexpected {found}"
    label: ClassVar[str] = "expected {expected}"
    help: ClassVar[str] = "{advice}"

    expected: str
    found: str
    advice: str = ""

    @classmethod
    def of(cls, span: Span, expected: str, found: str, word: str, keywords: Iterable[str]) -> Self:
        """With the nearest keyword suggested, where a word stands in place of one."""
        return cls(
            span=span, expected=expected, found=found, suggestion=closest(word, tuple(keywords))
        )


class UnclosedBracket(Diagnostic):
    """A bracket or a quote is opened and never closed.

    Wrong: `x -> dense(10`. Right: `x -> dense(10)`.
    """

    code: ClassVar[str] = "E002"
    title: ClassVar[str] = "this `{bracket}` is never closed"
    label: ClassVar[str] = "opened here"
    help: ClassVar[str] = "add the missing `{closing}`"

    bracket: str
    closing: str


class TooDeep(Diagnostic):
    """Brackets are nested too deeply, or one statement has too many operators.

    Split it: bind parts to names with `x = ...`.
    """

    code: ClassVar[str] = "E003"
    title: ClassVar[str] = "too many {what}"
    label: ClassVar[str] = "the limit is {limit}"
    help: ClassVar[str] = "bind parts of it to names of their own"

    what: str
    limit: int


class TooLarge(Diagnostic):
    """A spec is larger than any spec should be; perhaps the file is something else."""

    code: ClassVar[str] = "E004"
    title: ClassVar[str] = "`{name}` is too large to be a spec: the limit is {limit} characters"
    help: ClassVar[str] = "put data into files that the spec names"

    name: str
    limit: int


class ForbiddenCharacter(Diagnostic):
    """A control character, or one that hides or turns text, is in the spec.

    Such characters can make a spec look different from what it says.
    """

    code: ClassVar[str] = "E005"
    title: ClassVar[str] = "the character {code_point} may not be in a spec"
    label: ClassVar[str] = "it is not visible here"
    help: ClassVar[str] = "delete it"

    code_point: str


class ReservedName(Diagnostic):
    """A name would be a keyword of Python, or stand for something else, in generated code.

    A phase cannot be called `step`, or `step_` and something: functions end in phases' names.
    Wrong: `input lambda : f32[3]`. Right: `input rate : f32[3]`.
    """

    code: ClassVar[str] = "E006"
    title: ClassVar[str] = "`{name}` is reserved"
    label: ClassVar[str] = "the generated Python needs this name"
    help: ClassVar[str] = "take another name, such as `my_{name}`"

    name: str


class InvalidNumber(Diagnostic):
    """A number is out of the range that it can have here."""

    code: ClassVar[str] = "E007"
    title: ClassVar[str] = "this number cannot be used"
    label: ClassVar[str] = "{reason}"

    reason: str


class InvalidString(Diagnostic):
    r"""A string has an escape that does not exist. There are `\n`, `\t`, `\"` and `\\`."""

    code: ClassVar[str] = "E008"
    title: ClassVar[str] = "this string cannot be read"
    label: ClassVar[str] = "{reason}"

    reason: str


class BadUnit(Diagnostic):
    """A number has a unit that does not exist. Wrong: `8GB`. Right: `8GiB`."""

    code: ClassVar[str] = "E009"
    title: ClassVar[str] = "there is no unit `{unit}`"
    label: ClassVar[str] = "the units are {units}"

    unit: str
    units: str


class MisplacedStatement(Diagnostic):
    """An `input` is inside `if` or `repeat`, an `output` in `repeat`, `checkpoint` in a phase.

    Wrong: `repeat 3 { output x }`. Right: `repeat 3 { x = ... }` and `output x` behind it.
    """

    code: ClassVar[str] = "E010"
    title: ClassVar[str] = "`{what}` cannot stand inside `{where}`"
    label: ClassVar[str] = "in a body of `{where}`"
    help: ClassVar[str] = "move it out of the `{where}`"

    what: str
    where: str
