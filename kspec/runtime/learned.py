"""What layers learn from a training split, kept in the user's cache folder.

An entry is called by all that it depends on: the program's function `learn` with the functions
that it calls, which has the arguments of layers and what comes before them, and the content of
the fields that it reads. So it is never out of date.
"""

from __future__ import annotations

import ast
import hashlib
import json
import symtable
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from kspec.data.cache import cached_text
from kspec.data.dataset import Split
from kspec.runtime.executable import Executable, Tree
from kspec.runtime.weights import flatten

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Tables: TypeAlias = Mapping[str, tuple[str | int, ...]]
Learned: TypeAlias = tuple[dict[str, NDArray[Any]], Tables]

ROWS: Final = 1024  # of a batch that layers learn from
FOLDER: Final = "learned"


def learned_from(executable: Executable, python: str, stats: Tree, split: Split) -> Learned:
    """The statistics by path and the vocabularies by path, from the cache or the split.

    Args:
        executable: The program.
        python: Its text; empty where it calls functions of Python files, which nothing of the
            text tells apart, so that nothing is kept.
        stats: The paths of all statistics.
        split: The training split.
    """

    def make() -> str:
        return _spell(_learn(executable, stats, split))

    if not python:
        return _learn(executable, stats, split)
    return _read(cached_text(FOLDER, _key(python, split.arrays), make))


def _learn(executable: Executable, stats: Tree, split: Split) -> Learned:
    """Go through the split. What layers set takes the place of None."""

    def batches() -> Iterator[Arrays]:
        for first in range(0, len(split), ROWS):
            yield {name: a[first : first + ROWS] for name, a in split.arrays.items()}

    found, tables = executable.learn(_nothing(stats), {}, batches)
    numbers = {path: np.asarray(v) for path, v in flatten(found).items() if v is not None}
    return numbers, tables


def _nothing(tree: Tree) -> Tree:
    """The same paths without values."""
    return {k: _nothing(cast("Tree", v)) if isinstance(v, dict) else None for k, v in tree.items()}


def _spell(learned: Learned) -> str:
    numbers, tables = learned
    spelled = {
        path: {"dtype": each.dtype.str, "shape": each.shape, "bytes": each.tobytes().hex()}
        for path, each in numbers.items()
    }
    return json.dumps({"numbers": spelled, "tables": tables})


def _read(text: str) -> Learned:
    content = json.loads(text)
    numbers = {
        path: np.frombuffer(bytes.fromhex(e["bytes"]), e["dtype"]).reshape(e["shape"])
        for path, e in content["numbers"].items()
    }
    return numbers, {path: tuple(words) for path, words in content["tables"].items()}


def _key(python: str, arrays: Arrays) -> str:
    """A hash of what is learned, how, and from what."""
    parts = _reached(python, "learn")
    digest = hashlib.sha256(f"1 numpy {np.__version__}\n".encode())  # the form of entries
    for part in parts:
        digest.update(f"{ast.unparse(part)}\n".encode())
    texts = {
        each.value
        for part in parts
        for each in ast.walk(part)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    for name in sorted(texts & set(arrays)):
        array = arrays[name]
        digest.update(f"{name}:{array.dtype.str}:{array.shape}\n".encode())
        for block in _blocks(array):
            digest.update(block)
    return digest.hexdigest()


def _blocks(array: NDArray[Any]) -> Iterable[bytes]:
    """The content of an array, some rows at a time; it may be mapped from a file."""
    for first in range(0, len(array), ROWS):
        rows = array[first : first + ROWS]
        if rows.dtype.kind == "O":
            yield json.dumps(rows.tolist()).encode()
        else:
            yield np.ascontiguousarray(rows).tobytes()


def _reached(python: str, first: str) -> list[ast.stmt]:
    """The statements of a file that a function needs, itself among them, in their order."""
    module = ast.parse(python)
    tables = symtable.symtable(python, "program", "exec").get_children()
    needs = {table.get_name(): _globals(table) for table in tables}
    makers = {name: statement for statement in module.body for name in _names(statement)}
    left, needed = [first], set[ast.stmt]()
    while left:
        name = left.pop()
        statement = makers.get(name)
        if statement is None or statement in needed:
            continue
        needed.add(statement)
        used = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}
        left += needs.get(name, used)
    return [statement for statement in module.body if statement in needed]


def _globals(table: symtable.SymbolTable) -> set[str]:
    """What a function, and those in it, takes from the file around it."""
    own = {each.get_name() for each in table.get_symbols() if each.is_global()}
    return own.union(*map(_globals, table.get_children()))


def _names(statement: ast.stmt) -> list[str]:
    """What a statement at the top of a file defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(each.asname or each.name).split(".")[0] for each in statement.names]
    stored = (each for each in ast.walk(statement) if isinstance(each, ast.Name))
    return [each.id for each in stored if isinstance(each.ctx, ast.Store)]
