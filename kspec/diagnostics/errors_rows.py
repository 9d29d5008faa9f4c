"""E5: rows that are left out, and classes that cannot be split."""

from __future__ import annotations

from typing import ClassVar

from kspec.diagnostics.core import Diagnostic


class MostRowsBad(Diagnostic):
    """More than half of the rows cannot be used: then the file is meant otherwise.

    `on_bad = skip` leaves out bad rows as long as most are good.
    """

    code: ClassVar[str] = "E519"
    title: ClassVar[str] = "{bad} of the {rows} rows of {origin} are bad"
    label: ClassVar[str] = "named here"
    note: ClassVar[str] = "{examples}"
    help: ClassVar[str] = (
        "correct the data, or what the spec says of it: `on_bad = skip` leaves out up to half"
    )

    origin: str
    bad: int
    rows: int
    examples: str


class ClassTooSmall(Diagnostic):
    """A class has fewer examples than the split has parts, and so cannot be in each of them.

    Only a split with `stratify` asks for that.
    """

    code: ClassVar[str] = "E520"
    title: ClassVar[str] = "class {name} of `{field}` has {count}, and the split has {parts} parts"
    label: ClassVar[str] = "each class is to be in each part"
    help: ClassVar[str] = "add examples of it, leave the class out, or do not write `stratify`"

    field: str
    name: str
    count: str
    parts: int
