"""A small table in every format, to be harmed."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kspec.ir import Call

Columns = dict[str, list[Any]]
ROWS: Final = 12


def good() -> Columns:
    """A table without a mistake."""
    rows = range(ROWS)
    return {
        "x": [n / 4 for n in rows],
        "k": [n % 3 for n in rows],
        "t": [n % 7 for n in rows],
        "w": [1.0 + n for n in rows],
    }


def csv(folder: Path, columns: Columns) -> Call:
    cells = [["" if v is None else str(v) for v in values] for values in columns.values()]
    lines = [",".join(columns), *(",".join(row) for row in zip(*cells, strict=True))]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    return Call("csv", {"path": "a.csv"})


def jsonl(folder: Path, columns: Columns) -> Call:
    rows = zip(*columns.values(), strict=True)
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
    (folder / "a.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return Call("jsonl", {"path": "a.jsonl"})


def npz(folder: Path, columns: Columns) -> Call:
    np.savez(folder / "a.npz", **{name: np.array(v) for name, v in columns.items()})
    return Call("npz", {"path": "a.npz"})


def npy(folder: Path, columns: Columns) -> Call:
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", np.array(values))
    return Call("npy", {name: f"{name}.npy" for name in columns})


def idx(folder: Path, columns: Columns) -> Call:
    for name, values in columns.items():
        whole = name in "kt"
        head = struct.pack(">BBBBI", 0, 0, 0x0C if whole else 0x0D, 1, len(values))
        body = np.array(values, ">i4" if whole else ">f4").tobytes()
        (folder / f"{name}.idx").write_bytes(head + body)
    return Call("idx", {name: f"{name}.idx" for name in columns})


def parquet(folder: Path, columns: Columns) -> Call:
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    pq.write_table(table, folder / "a.parquet")
    return Call("parquet", {"path": "a.parquet"})


def hdf5(folder: Path, columns: Columns) -> Call:
    with h5py.File(folder / "a.h5", "w") as root:
        for name, values in columns.items():
            root[name] = np.array(values)
    return Call("hdf5", {"path": "a.h5", **{name: name for name in "xktw"}})


Write = Callable[[Path, Columns], Call]
FORMATS: Final[dict[str, Write]] = {
    f.__name__: f for f in (csv, jsonl, npz, npy, idx, parquet, hdf5)
}
FILES: Final = {
    **{"csv": "a.csv", "jsonl": "a.jsonl", "npz": "a.npz", "npy": "t.npy"},
    **{"idx": "t.idx", "parquet": "a.parquet", "hdf5": "a.h5"},
}
