"""What the data tests share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from kspec.data.arrays import ArrayTable
from kspec.data.dataset import Dataset, load
from kspec.data.declaration import DataDeclaration
from kspec.data.fields import Fields, FieldType
from kspec.data.schema import open_fields
from kspec.diagnostics import Diagnostic, SpecError
from kspec.ir import Call


def field(name: str, type: str) -> FieldType:
    """`f32[3]`, `class`, `class[2]`, `str` as a declared field."""
    dtype, _, dims = type.rstrip("]").partition("[")
    sizes = tuple(int(size) for size in dims.split(",") if size)
    if dtype == "class":
        return FieldType(name, "i32", (), sizes[0] if sizes else None, is_class=True)
    return FieldType(name, dtype, sizes)


def table(**arrays: Any) -> ArrayTable:
    """Arrays as an open source."""
    return ArrayTable({name: np.asarray(a) for name, a in arrays.items()}, "the table")


def checked(arrays: ArrayTable, **types: str) -> Fields:
    """The columns as the fields declare them."""
    return open_fields(arrays, tuple(field(name, type) for name, type in types.items()))


def refused(action: Any, *args: Any, **kwargs: Any) -> Diagnostic:
    """The one mistake that an action reports."""
    with pytest.raises(SpecError) as caught:
        action(*args, **kwargs)
    (mistake,) = caught.value.diagnostics
    return mistake


def shown(mistake: Diagnostic) -> str:
    """All words of a mistake."""
    return f"{mistake.code} {mistake.title_text()} {mistake.note_text()} {mistake.help_text()}"


def dataset(folder: Any, source: Call | None, split: Mapping[str, Any], **types: str) -> Dataset:
    """A declaration, opened."""
    fields = tuple(field(name, type) for name, type in types.items())
    return load(DataDeclaration(fields, source, split), folder)
