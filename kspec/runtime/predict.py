"""Inputs from files and predictions to files."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from kspec.data.csv import Csv
from kspec.data.folders import FoundFile, find_files
from kspec.data.image_folder import ImageFolder
from kspec.data.images import CHANNELS, IMAGES, Look, decode
from kspec.data.npy import read_npy
from kspec.data.npz import read_npz
from kspec.data.ragged import Ragged
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import (
    FileMissing,
    FileUnreadable,
    FileUnwritable,
    InputFileMismatch,
)
from kspec.files import replacing
from kspec.ir import Call
from kspec.plan import Plan
from kspec.registry import make
from kspec.runtime.run import Run

Arrays = dict[str, NDArray[Any]]
Values = NDArray[Any] | Ragged


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a model, from a file or from several.

    Attributes:
        arrays: One array an input; a `Ragged` where examples differ in length.
        files: The file of each example, where each has one.
    """

    arrays: Mapping[str, Values]
    files: tuple[str, ...] = ()


def read_inputs(file: Path, plan: Plan) -> Inputs:
    """The inputs of a model from a file.

    Args:
        file: `.npz` or `.csv` with a member or column an input, or `.npy` where the model
            has one input; an image or a folder of images where that input is an image.
        plan: The model's interface.

    Raises:
        SpecError: The file is missing, unreadable, or lacks an input.
    """
    shown = file.as_posix()
    if not file.is_file() and not file.is_dir():
        raise SpecError((FileMissing(span=None, path=shown),))
    if file.is_dir() or file.suffix.lower() in IMAGES.endings:
        return _read_images(file, plan)
    if file.suffix == ".npz":
        arrays: Mapping[str, Values] = read_npz(file, shown, {}).arrays
    elif file.suffix == ".npy":
        arrays = _read_npy(file, plan)
    elif file.suffix == ".csv":
        table = Csv(path=file.name).open(file.parent)
        rows = np.arange(len(table))
        arrays = table.read(rows, tuple(name for name in plan.inputs if name in table.columns))
    else:
        reason = f"`{file.suffix}` files are not read; there are .npz, .npy, .csv and images"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),))
    missing = [name for name in plan.inputs if name not in arrays]
    if missing:
        reason = f"it has no `{missing[0]}`"
        raise _mismatch(file, plan, reason)
    return Inputs({name: arrays[name] for name in plan.inputs})


def _read_images(file: Path, plan: Plan) -> Inputs:
    """An image, or all in and below a folder, as those that the model was trained on."""
    look = _look(file, plan)
    shown = file.as_posix()
    found = find_files(file, shown, IMAGES) if file.is_dir() else ()
    names = [(file / name).as_posix() for name in found]
    if file.is_dir() and not names:
        raise _mismatch(file, plan, f"it has no images ({IMAGES.shown})")
    files = tuple(names) or (shown,)
    images = decode(tuple(FoundFile(Path(name), name) for name in files), look)
    return Inputs({next(iter(plan.inputs)): images}, files)


def _look(file: Path, plan: Plan) -> Look:
    """What images become: of the input's size, and otherwise as the data block says."""
    *_, type = plan.inputs.values()
    _, *axes = type.shape
    modes = {channels: mode for mode, channels in CHANNELS.items()}
    if len(plan.inputs) != 1 or type.dtype != "u8" or len(axes) != 3 or axes[2] not in modes:
        raise _mismatch(file, plan, "images are u8[height, width, channels]")
    sources = () if plan.data is None else (plan.data.source, *plan.data.split.values())
    calls = [each for each in sources if isinstance(each, Call) and each.name == ImageFolder.name]
    trained = cast("ImageFolder", make("source", calls[0])).look() if calls else Look((256, 256))
    size = [
        given if isinstance(given, int) else own
        for given, own in zip(axes, trained.size, strict=False)
    ]
    return replace(trained, size=(size[0], size[1]), color_mode=modes[axes[2]])


def _read_npy(file: Path, plan: Plan) -> Arrays:
    if len(plan.inputs) != 1:
        raise _mismatch(file, plan, "one array is not enough")
    array = read_npy(file, file.as_posix())
    return {next(iter(plan.inputs)): array}


def _mismatch(file: Path, plan: Plan, reason: str) -> SpecError:
    needs = ", ".join(f"{name}: {type}" for name, type in plan.inputs.items())
    return SpecError(
        (InputFileMismatch(span=None, path=file.as_posix(), reason=reason, inputs=needs),)
    )


def write_outputs(
    outputs: Arrays, run: Run, target: Path | None, stdout: TextIO, files: tuple[str, ...] = ()
) -> None:
    """Write predictions in the order of the examples.

    Args:
        outputs: One array an output.
        run: The run, for the names of classes.
        target: `.npz`, `.csv` or `.jsonl`; JSON lines to `stdout` without one.
        stdout: Where they go without a target.
        files: The file of each example, where each has one; it is written as `file`.

    Raises:
        SpecError: The target's ending is none of these, or it cannot be written.
    """
    if target is None:
        for row in _rows(outputs, run, files):
            stdout.write(json.dumps(row) + "\n")
        return
    if target.suffix not in (".npz", ".jsonl", ".csv"):
        reason = "predictions are written as .npz, .csv or .jsonl"
        raise SpecError((FileUnwritable(span=None, path=target.as_posix(), reason=reason),))
    with replacing(target) as temporary:
        if target.suffix == ".npz":
            _write_npz(_file_column(files) | outputs, temporary)
        elif target.suffix == ".jsonl":
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(json.dumps(row) + "\n" for row in _rows(outputs, run, files))
        else:
            _write_csv(_rows(outputs, run, files), temporary)


def _write_npz(arrays: Arrays, file: Path) -> None:
    """As `np.savez`, which cannot write an array that is called `file`."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def _file_column(files: tuple[str, ...]) -> Arrays:
    return {"file": np.array(files)} if files else {}


def _rows(outputs: Arrays, run: Run, files: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """One record an example; outputs that score classes name the best one, too."""
    labels = {name: _classes(name, y, run) for name, y in outputs.items()}
    for index in range(len(next(iter(outputs.values()), ()))):
        row: dict[str, Any] = {"file": files[index]} if files else {}
        row |= {name: y[index].tolist() for name, y in outputs.items()}
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


def _write_csv(rows: Iterator[dict[str, Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for index, row in enumerate(rows):
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
