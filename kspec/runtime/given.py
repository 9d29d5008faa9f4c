"""Data that Python gives in place of the spec's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from kspec.data.arrays import ArrayTable
from kspec.data.dataset import Dataset, from_tables
from kspec.data.declaration import SPLITS, DataDeclaration
from kspec.data.ragged import as_column
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FieldMissing, UnknownName

Columns: TypeAlias = Mapping[str, Any]  # what `as_column` takes: arrays, lists, ragged rows


def given_dataset(declaration: DataDeclaration, data: Mapping[str, Columns]) -> Dataset:
    """Arrays by split and field. Raises SpecError where they are not what is declared."""
    tables = {
        split: ArrayTable(
            {name: as_column(a) for name, a in arrays.items()}, f"the data of `{split}`"
        )
        for split, arrays in data.items()
    }
    return from_tables(declaration, tables)


def check_splits(data: Mapping[str, Columns]) -> None:
    """Arrays to train on have the names of splits, and `train` is one of them."""
    unknown = [name for name in data if name not in SPLITS]
    if unknown:
        raise SpecError((UnknownName.of(None, "split", unknown[0], SPLITS),))
    if "train" not in data:
        raise SpecError((FieldMissing.of(None, "train", "the data that was given", data),))
