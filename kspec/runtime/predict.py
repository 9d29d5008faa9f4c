"""Inputs from files and predictions to files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from kspec.data.csv import Csv
from kspec.data.npz import read_npz
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import (
    FileMissing,
    FileUnreadable,
    FileUnwritable,
    InputFileMismatch,
)
from kspec.files import replacing
from kspec.plan import Plan
from kspec.runtime.run import Run

Arrays = dict[str, NDArray[Any]]


def read_inputs(file: Path, plan: Plan) -> Arrays:
    """The inputs of a model from a file.

    Args:
        file: `.npz` or `.csv` with a member or column an input, or `.npy` where the model
            has one input.
        plan: The model's interface.

    Raises:
        SpecError: The file is missing, unreadable, or lacks an input.
    """
    shown = file.as_posix()
    if not file.is_file():
        raise SpecError((FileMissing(span=None, path=shown),))
    if file.suffix == ".npz":
        arrays = read_npz(file, shown, {}).arrays
    elif file.suffix == ".npy":
        arrays = _read_npy(file, plan)
    elif file.suffix == ".csv":
        table = Csv(path=file.name).open(file.parent)
        rows = np.arange(len(table))
        arrays = table.read(rows, tuple(name for name in plan.inputs if name in table.columns))
    else:
        reason = f"`{file.suffix}` files are not read; there are .npz, .npy and .csv"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),))
    missing = [name for name in plan.inputs if name not in arrays]
    if missing:
        reason = f"it has no `{missing[0]}`"
        raise _mismatch(file, plan, reason)
    return {name: arrays[name] for name in plan.inputs}


def _read_npy(file: Path, plan: Plan) -> Arrays:
    if len(plan.inputs) != 1:
        raise _mismatch(file, plan, "one array is not enough")
    try:
        array = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).split("\n")[0]
        raise SpecError((FileUnreadable(span=None, path=str(file), reason=reason),)) from None
    return {next(iter(plan.inputs)): array}


def _mismatch(file: Path, plan: Plan, reason: str) -> SpecError:
    needs = ", ".join(f"{name}: {type}" for name, type in plan.inputs.items())
    return SpecError(
        (InputFileMismatch(span=None, path=file.as_posix(), reason=reason, inputs=needs),)
    )


def write_outputs(outputs: Arrays, run: Run, target: Path | None, stdout: TextIO) -> None:
    """Write predictions in the order of the examples.

    Args:
        outputs: One array an output.
        run: The run, for the names of classes.
        target: `.npz`, `.csv` or `.jsonl`; JSON lines to `stdout` without one.
        stdout: Where they go without a target.

    Raises:
        SpecError: The target's ending is none of these, or it cannot be written.
    """
    if target is None:
        for row in _rows(outputs, run):
            stdout.write(json.dumps(row) + "\n")
        return
    if target.suffix not in (".npz", ".jsonl", ".csv"):
        reason = "predictions are written as .npz, .csv or .jsonl"
        raise SpecError((FileUnwritable(span=None, path=target.as_posix(), reason=reason),))
    with replacing(target) as temporary:
        if target.suffix == ".npz":
            with temporary.open("wb") as file:
                np.savez(file, **outputs)  # pyright: ignore[reportArgumentType]
        elif target.suffix == ".jsonl":
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(json.dumps(row) + "\n" for row in _rows(outputs, run))
        else:
            _write_csv(outputs, run, temporary)


def _rows(outputs: Arrays, run: Run) -> Iterator[dict[str, Any]]:
    """One record an example; outputs that score classes name the best one, too."""
    labels = {name: _classes(name, y, run) for name, y in outputs.items()}
    for index in range(len(next(iter(outputs.values()), ()))):
        row: dict[str, Any] = {name: y[index].tolist() for name, y in outputs.items()}
        for name, names in labels.items():
            if names is not None:
                row[f"{name}_class"] = names[int(outputs[name][index].argmax())]
        yield row


def _classes(name: str, output: NDArray[Any], run: Run) -> Mapping[int, Any] | None:
    """What each score of an output stands for, where the data has classes for it."""
    data = run.bundle.plan.data
    labels = [field for field in data.fields if field.is_class] if data else []
    if len(labels) != 1 or output.ndim != 2:
        return None
    words = run.class_names.get(labels[0].name)
    width = output.shape[1]
    if words is not None:
        return dict(enumerate(words)) if len(words) == width else None
    return dict(enumerate(range(width))) if labels[0].classes == width else None


def _write_csv(outputs: Arrays, run: Run, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for index, row in enumerate(_rows(outputs, run)):
            flat = _flat(row)
            if index == 0:
                writer.writerow(flat)
            writer.writerow(flat.values())


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """`{"digit": [0.1, 0.9]}` as `{"digit_0": 0.1, "digit_1": 0.9}`."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):
            items: list[Any] = np.asarray(cast("list[Any]", value)).ravel().tolist()
            flat.update({f"{name}_{index}": item for index, item in enumerate(items)})
        else:
            flat[name] = value
    return flat
