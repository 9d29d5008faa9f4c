"""Mistakes with ragged axes: where they stand, how they are called, and what is in them."""

from __future__ import annotations

from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span


class LengthNameTaken(Diagnostic):
    """The lengths of a ragged input or field are an array of the program, too, and have a name.

    The lengths of `tokens : i32[..200]` are called `tokens_length`.
    """

    code: ClassVar[str] = "E109"
    title: ClassVar[str] = "`{name}` is what the lengths of `{ragged}` are called"
    label: ClassVar[str] = "give this another name"

    name: str
    ragged: str


class RaggedMisplaced(Diagnostic):
    """A ragged axis stands where none can.

    It is the first axis of a model's input or of a field of data. Wrong: `f32[8, ..200]`,
    `weight w : f32[..200]`. Right: `input x : f32[..200, 8]`.
    """

    code: ClassVar[str] = "E311"
    title: ClassVar[str] = "no ragged axis can be here"
    label: ClassVar[str] = "{reason}"
    help: ClassVar[str] = "{advice}"

    reason: str = "only the first axis of a model's input or of a field can be ragged"
    advice: str = "in a block or a note a symbolic dimension, such as `T`, stands for any length"

    @classmethod
    def of_whole(cls, span: Span, type: str) -> Self:
        """For a type whose values have no steps."""
        if type == "class":
            advice = "class numbers of steps are integers: `tags : i32[..200]`"
        else:
            advice = "`text_vectorization` cuts one text into as many words as it has"
        return cls(span=span, reason=f"`{type}` is one thing an example", advice=advice)


class BadBuckets(Diagnostic):
    """The buckets of a data block are no lengths that its ragged fields can be padded to.

    Wrong: `buckets = [200, 50]` for `tokens : i32[..200]`. Right: `buckets = [50, 100, 200]`.
    """

    code: ClassVar[str] = "E418"
    title: ClassVar[str] = "these buckets do not fit"
    label: ClassVar[str] = "{message}"
    note: ClassVar[str] = "a batch is as long as the smallest bucket that holds its examples"
    help: ClassVar[str] = "{advice}"

    message: str
    advice: str


class RowTooLong(Diagnostic):
    """A row of a ragged field has more steps than its type says. Nothing is ever cut off."""

    code: ClassVar[str] = "E526"
    title: ClassVar[str] = "`{field}` has {length} steps here, and the spec says at most {bound}"
    label: ClassVar[str] = "declared with at most {bound}"
    help: ClassVar[str] = "the longest has {longest}: declare `..{longest}`, or cut it in the data"

    field: str
    length: int
    bound: int
    longest: int
    place: str
    count: int

    def note_text(self) -> str:
        """The first such row, and how many there are."""
        more = f"; {self.count} rows are too long" if self.count > 1 else ""
        return f"{self.place}{more}"
