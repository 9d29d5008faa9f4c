"""The functions of Python files that a generated file imports, and what they are called there.

    from extern_ops import swish

`extern_ops.py` is a copy of the spec's `ops.py`, and lies beside the generated file.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from kspec.codegen.layout import WIDTH
from kspec.codegen.names import RESERVED
from kspec.ir import Module

PREFIX: Final = "extern_"
_TAKEN: Final = frozenset({*RESERVED, *dir(builtins), "NamedTuple"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A function.

    Attributes:
        path: The Python file, from the spec's folder.
        function: Its name there.
        module: What the copy of the file is called, without `.py`.
        name: What the function is called in the generated file.
    """

    path: str
    function: str
    module: str
    name: str

    @property
    def alias(self) -> str:
        """How the import names it."""
        return self.function if self.name == self.function else f"{self.function} as {self.name}"


def imported(module: Module, defined: Iterable[str]) -> tuple[Imported, ...]:
    """The functions that a module calls, in the order of their files.

    Args:
        module: The module.
        defined: Names that the generated file has for other things.
    """
    ops = [op for func in module.funcs for op in func.walk() if op.name == "extern"]
    pairs = sorted({(str(op.attrs["path"]), str(op.attrs["function"])) for op in ops})
    files: dict[str, str] = {}
    for path, _ in pairs:
        files.setdefault(path, _free(_module(path), files.values()))
    taken = {*_TAKEN, *defined, *files.values()}
    found: list[Imported] = []
    for path, function in pairs:
        name = function
        if name in taken:
            name = _free(f"{files[path].removeprefix(PREFIX)}_{function}", taken)
        taken.add(name)
        found.append(Imported(path, function, files[path], name))
    return tuple(found)


def import_lines(externs: Iterable[Imported]) -> list[str]:
    """The statements that import functions, one a file."""
    files: dict[str, list[str]] = {}
    for each in externs:
        files.setdefault(each.module, []).append(each.alias)
    lines: list[str] = []
    for module, names in files.items():
        line = f"from {module} import {', '.join(names)}"
        if len(line) > WIDTH:
            line = "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])
        lines.append(line)
    return lines


def _module(path: str) -> str:
    """`lib/my-ops.py` as `extern_lib_my_ops`; small letters, which all file systems tell apart."""
    stem = PurePosixPath(path).with_suffix("").as_posix()
    return PREFIX + re.sub(r"[^a-z0-9_]", "_", stem.lower())


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, or with the first number that makes it a new one."""
    known, free, number = set(taken), name, 1
    while free in known:
        number += 1
        free = f"{name}_{number}"
    return free
