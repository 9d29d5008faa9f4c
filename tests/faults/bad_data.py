"""Bad data in every format: what is written, and the mistake that it must be.

A case is a fault, a format, and what is done to a good table of `ROWS` rows:

    x : f32         a number
    k : class[3]    a label
    t : i32         a token, which `embedding(7, 4)` looks up
    w : f32         a sample weight
"""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from kspec.ir import Call
from tests.faults.formats import FILES, FORMATS, ROWS, Write, good, npy, npz

BAD: Final = 5  # the row that is bad
SPEC: Final = """\
data d {
  source = arrays()
  x : f32
  k : class[3]
  t : i32
  w : f32
}

model Net {
  input x : f32
  input t : i32
  output z = (x -> reshape((1,))) + (t -> embedding(7, 4)) -> dense(3, softmax)
}

train {
  model         = Net
  data          = d
  loss          = sparse_categorical_crossentropy(k, z)
  sample_weight = w
  optimizer     = sgd(0.1)
}
"""


def line_or_row(format: str) -> str:
    """What a message calls the bad row."""
    places = {"csv": f"line {BAD + 2}", "jsonl": f"line {BAD + 1}"}
    return places.get(format, f"row {BAD}")


# --- cases


@dataclass(frozen=True)
class Bad:
    """A case.

    Attributes:
        fault: Its number.
        format: The format.
        what: What is done.
        make: Writes the files; gives the source.
        code: The code of the mistake.
        words: What its message must say.
    """

    fault: str
    format: str
    what: str
    make: Callable[[Path], Call]
    code: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.fault} {self.format}: {self.what}"


def changed(fault: str, column: str, value: Any, codes: dict[str, str]) -> Iterator[Bad]:
    """One value is another, in each of the formats that can hold it."""
    for format, code in codes.items():

        def make(folder: Path, write: Write = FORMATS[format]) -> Call:
            columns = good()
            columns[column][BAD] = value
            return write(folder, columns)

        file = FILES[format].replace("t.", f"{column}.")
        words = (file, line_or_row(format)) if code != "E505" else (f"`{column}`", "f64")
        yield Bad(fault, format, f"{column} is {value!r}", make, code, words)


def same(code: str, *without: str, **other: str) -> dict[str, str]:
    """A code in all formats but some, or another."""
    return {format: other.get(format, code) for format in FORMATS if format not in without}


def values() -> Iterator[Bad]:
    """Values of one cell."""
    for label in (3, -1, 10**6):
        yield from changed("F25", "k", label, same("E506"))
    yield from changed("F25", "k", 1.5, same("E505", "idx", csv="E508"))
    for token in (7, -1, -(2**31)):
        yield from changed("F26", "t", token, same("E514"))
    yield from changed("F29", "t", 2**40, same("E508", "idx"))
    yield from changed("F29", "x", 1e300, same("E508", "idx"))
    for number in (float("nan"), float("inf"), -float("inf")):
        yield from changed("F30", "x", number, same("E507", jsonl="E502"))
    for column in "xktw":
        absent = {"csv": "E508", "jsonl": "E502", "parquet": "E502"}
        yield from changed("F30", column, None, absent)
        yield from changed("F28", column, "abc", {"csv": "E508", "jsonl": "E502"})
    yield from changed("F24", "w", -1.0, same("E516"))


def tables() -> Iterator[Bad]:
    """Whole tables."""
    for format, write in FORMATS.items():

        def lacking(folder: Path, write: Write = write) -> Call:
            columns = good()
            columns["other"] = columns.pop("k")
            call = write(folder, columns)
            return Call(call.name, {n: v for n, v in call.args.items() if n != "other"})

        code = "E504"
        yield Bad("F30", format, "a column is missing", lacking, code, ("k",))
        if format != "csv":

            def one_hot(folder: Path, write: Write = write) -> Call:
                return write(folder, good() | {"k": [[0, 1, 0]] * ROWS})

            if format != "idx":
                yield Bad("F25", format, "labels are one-hot", one_hot, "E505", ("[3]", "k"))

            def nothing(folder: Path, write: Write = write) -> Call:
                return write(folder, {name: [] for name in good()})

            if format != "parquet":  # a list without values has no type there
                yield Bad("F27", format, "there are no rows", nothing, "E509", ("no rows",))
        if format in ("npz", "npy", "hdf5", "idx"):

            def shorter(folder: Path, write: Write = write) -> Call:
                columns = good()
                return write(folder, columns | {"k": columns["k"][:-1]})

            yield Bad("F34", format, "a column is shorter", shorter, "E510", ("12", "11"))


def files() -> Iterator[Bad]:
    """Whole files."""
    for format, write in FORMATS.items():
        name = FILES[format]

        def harmed(folder: Path, harm: Callable[[Path], object], write: Write = write, n=name):
            call = write(folder, good())
            harm(folder / n)
            return call

        def put(content: bytes, harmed=harmed) -> Callable[[Path], Call]:
            return lambda folder: harmed(folder, lambda file: file.write_bytes(content))

        def cut(folder: Path, harmed=harmed) -> Call:
            return harmed(folder, lambda f: f.write_bytes(f.read_bytes()[: f.stat().st_size // 2]))

        def pipe(folder: Path, harmed=harmed) -> Call:
            return harmed(folder, lambda f: (f.unlink(), os.mkfifo(f)))

        def gone(folder: Path, harmed=harmed) -> Call:
            return harmed(folder, lambda f: f.unlink())

        empty = {"jsonl": "E509"}.get(format, "E502")
        yield Bad("F27", format, "the file is empty", put(b""), empty, (name,))
        yield Bad(
            "F28", format, "the file is no text and no data", put(b"\xff\0?" * 99), "E502", (name,)
        )
        yield Bad("F32", format, "it is a pipe that nobody writes to", pipe, "E502", (name,))
        yield Bad("F30", format, "the file is not there", gone, "E501", (name,))
        if format not in ("csv", "jsonl"):
            yield Bad("F29", format, "the file is cut off", cut, "E502", (name,))


def text(name: str, source: str, content: bytes) -> Callable[[Path], Call]:
    """Writes a file of one format."""

    def make(folder: Path) -> Call:
        (folder / name).write_bytes(content)
        return Call(source, {"path": name})

    return make


HEAD: Final = b"x,k,t,w\n1,0,0,1\n"
CSV: Final = {
    "a row has too few cells": (HEAD + b"1,0\n", "E502", "line 3 has 2 cells"),
    "a row has too many cells": (HEAD + b"1,0,0,1,1\n", "E502", "line 3 has 5 cells"),
    "a quote is never closed": (HEAD + b'"1,0,0,1\n', "E502", "line 3"),
    "a quote ends inside a cell": (HEAD + b'"1"2,0,0,1\n', "E502", "line 3"),
    "it is Latin-1": (HEAD + b"\xe9,0,0,1\n", "E502", "not UTF-8"),
    "it is UTF-16": (HEAD.decode().encode("utf-16"), "E502", "not UTF-8"),
    "a cell has NUL": (HEAD + b"1\0,0,0,1\n", "E502", "line 3"),
    "a cell has 10 MB": (HEAD + b"1" * 10**7 + b",0,0,1\n", "E502", "line 3"),
    "numbers have a decimal comma": (HEAD + b"1,5,0,0,1\n", "E502", "line 3"),
    "numbers with a decimal comma are quoted": (HEAD + b'"1,5",0,0,1\n', "E508", "line 3"),
    "two columns have one name": (b"x,x,k,t,w\n1,1,0,0,1\n", "E502", "`x`"),
    "there is a header alone": (b"x,k,t,w\n", "E509", "no rows"),
    "there is no header": (b"\n1,0,0,1\n", "E502", "first line"),
}
ROW: Final = b'{"x": 1, "k": 0, "t": 0, "w": 1}\n'
JSONL: Final = {
    "a line is cut off": (ROW + ROW[:9], "E502", "line 2"),
    "a line is a list": (ROW + b"[1]\n", "E502", "line 2"),
    "a key stands twice": (ROW + b'{"x": 1, "x": 2}\n', "E502", "line 2"),
    "a key is missing": (ROW + b'{"x": 1, "k": 0, "t": 0}\n', "E502", "line 2"),
    "a line is Latin-1": (ROW + b'{"x": "\xe9"}\n', "E502", "line 2"),
    "a number is too large": (
        ROW + ROW.replace(b'"t": 0', b'"t": 1' + b"0" * 30),
        "E502",
        "line 2",
    ),
    "brackets nest deeply": (ROW + b"[" * 10**5, "E502", "line 2"),
}


def texts() -> Iterator[Bad]:
    """Files of text."""
    for what, (content, code, words) in CSV.items():
        yield Bad("F28", "csv", what, text("a.csv", "csv", content), code, ("a.csv", words))
    for what, (content, code, words) in JSONL.items():
        made = text("a.jsonl", "jsonl", content)
        yield Bad("F28", "jsonl", what, made, code, ("a.jsonl", words))


class Trap:
    """Says so where it is unpickled."""

    def __reduce__(self) -> Any:
        return (os.mkdir, ("unpickled",))


def pickled_npy(folder: Path) -> Call:
    call = npy(folder, good())
    np.save(folder / "x.npy", np.array([Trap()] * ROWS, object), allow_pickle=True)
    return call


def pickled_npz(folder: Path) -> Call:
    call = npz(folder, good())
    with zipfile.ZipFile(folder / "a.npz", "a") as archive:
        archive.writestr("y.npy", pickle.dumps(Trap()))
    np.savez(folder / "a.npz", **good() | {"x": np.array([Trap()] * ROWS, object)})
    return call


def all_cases() -> list[Bad]:
    """All of them."""
    pickles = [
        Bad("F29", "npy", "objects are pickled", pickled_npy, "E502", ("x.npy",)),
        Bad("F29", "npz", "objects are pickled", pickled_npz, "E502", ("a.npz",)),
    ]
    return [*values(), *tables(), *files(), *texts(), *pickles]
