"""Compiled programs in files: what was compiled before is neither traced nor lowered again.

JAX's own cache of compiled programs is asked with the program that tracing and lowering give, which
takes longer than the answer. Here a function of a generated file is known by the file's text and
the types of its arguments. A file is called by these, the versions of JAX and XLA, their settings,
and the machine; it begins with a hash of the rest, so a damaged one is made anew. The rest is a
pickle, as JAX gives it: like JAX's own entries beside it, it is code of who owns the folder.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import os
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import jax
import jaxlib.version
from jax.experimental import serialize_executable

from kspec.diagnostics import SpecError
from kspec.files import replacing
from kspec.runtime import compat, native
from kspec.runtime.executable import MODULE, Executable
from kspec.runtime.programs import folder_in_use
from kspec.tuned import SETTINGS, machine

_jax = cast("Any", jax)
_serialize = cast("Any", serialize_executable).serialize
_load = cast("Any", serialize_executable).deserialize_and_load
_HASH: Final = 32  # bytes at the start of a file
_LAPACK: Final = b"lapack_"  # in a program that calls a function of LAPACK
_OWN: Final = b"kspec_"  # in one that calls a function of kspec's own
_FOLDERS: Final = ("jax_compilation_cache", "jax_persistent_cache")  # they change no program

# What JAX and XLA raise of a file that another version of them wrote, or of a program that they
# cannot write; whole files of this version give none of these.
UNUSABLE: Final = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ImportError, EOFError),
    *(RuntimeError, AssertionError, pickle.PickleError),
)


class Ready:
    """A jitted function, and its programs by the types of its arguments.

    Args:
        jitted: The function.
        key: What it is known by, beside the types of its arguments.
        folder: Where programs are kept, if anywhere.
        executable: The functions of the generated file that it is of.
        libraries: Those that the file's kernels were expected to have, by name.
        told: What tracing writes down; it is kept, and is back where nothing is traced.
    """

    def __init__(
        self,
        jitted: Callable[..., Any],
        key: str,
        folder: Path | None,
        executable: Executable,
        libraries: tuple[str, ...],
        told: dict[str, Any] | None = None,
    ) -> None:
        self._jitted = cast("Any", jitted)
        self._key = key
        self._folder = folder
        self._kernels = native.kernels_of(executable)
        self._libraries = libraries
        own = vars(executable).items()
        self._classes = {name: each for name, each in own if _is_own_class(each)}
        self._told = told
        self._programs: dict[Any, Callable[..., Any]] = {}
        self._last: Callable[..., Any] | None = None

    def __call__(self, *args: Any) -> Any:
        """As of the jitted function, by a program that was kept if there is one.

        The last one refuses arguments of other types before it does anything, which takes less
        time than to compare types.
        """
        if self._last is not None:
            with suppress(TypeError, ValueError):
                return self._last(*args)
        leaves, tree = _jax.tree.flatten(args)
        if any(isinstance(leaf, _jax.core.Tracer) for leaf in leaves):
            return self._jitted(*args)
        types = (tree, *map(_type, leaves))
        program = self._programs.get(types)
        if program is None:
            program = self._programs[types] = self._program(str(types), args)
        self._last = program
        return program(*args)

    def lower(self, *args: Any) -> Any:
        """As of the jitted function."""
        return self._jitted.lower(*args)

    def _program(self, types: str, args: tuple[Any, ...]) -> Callable[..., Any]:
        """From its file, or compiled and kept."""
        if self._folder is None:
            return self._lowered(args)[0].compile()
        name = hashlib.sha256(f"{self._key}\n{types}".encode()).hexdigest()
        file = self._folder / f"{name}.ready"
        found = self._read(file)
        if found is not None:
            return found
        lowered, lasting = self._lowered(args)
        program = compat.compiled_anew(lowered)
        return self._write(file, program) if lasting else program

    def _lowered(self, args: tuple[Any, ...]) -> tuple[Any, bool]:
        """What XLA takes, and whether it is what another process would lower.

        That is not so where a library could not be made, which the next process knows.
        """
        with native.assumed() as taken:
            lowered = self._jitted.lower(*args)
        if native.made(taken):
            return lowered, native.expected(self._kernels) == self._libraries
        _jax.clear_caches()  # what was traced calls what is not there
        return self._jitted.lower(*args), False

    def _read(self, file: Path) -> Callable[..., Any] | None:
        """The program of a file; None where there is none that can be used."""
        try:
            raw = file.read_bytes()
            if hashlib.sha256(raw[_HASH:]).digest() != raw[:_HASH]:
                return None
            loaded = _Unpickler(io.BytesIO(raw[_HASH:]), self._classes).load()
            if _LAPACK in loaded[0]:
                compat.prepare_lapack()
            if _OWN in loaded[0] and not native.made(self._kernels):
                return None
            program = _load(*loaded[:3])
        except UNUSABLE:
            return None
        if self._told is not None:
            self._told.update(loaded[3])
        return program

    def _write(self, file: Path, program: Any) -> Callable[..., Any]:
        """Keep a program, where that can be."""
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, self._classes).dump((*_serialize(program), self._told))
        except UNUSABLE:  # it is compiled each time then
            return program
        raw = buffer.getvalue()
        with suppress(SpecError, OSError), replacing(file, lasting=False) as temporary:
            temporary.write_bytes(hashlib.sha256(raw).digest() + raw)
        return program


class _Pickler(pickle.Pickler):
    """Names the classes of a generated file, which no module has."""

    def __init__(self, file: io.BytesIO, classes: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._names = {id(each): name for name, each in classes.items()}

    def persistent_id(self, obj: Any) -> str | None:
        return self._names.get(id(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, classes: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._classes = classes

    def persistent_load(self, pid: str) -> Any:
        return self._classes[pid]


def _is_own_class(each: Any) -> bool:
    return inspect.isclass(each) and cast("Any", each).__module__ == MODULE


def _type(leaf: Any) -> Any:
    """What a program depends on of an argument, beside its value."""
    dtype = str(getattr(leaf, "dtype", ""))
    weak, placed = (getattr(leaf, name, False) for name in ("weak_type", "committed"))
    return getattr(leaf, "shape", None), dtype, weak, placed


@dataclass(frozen=True)
class Keeper:
    """Keeps the programs of a generated file.

    Nothing is kept where no folder is in use, where steps are shared by devices, and of a file
    that imports functions of a user, for its text does not say what these do.

    Attributes:
        executable: The functions of the file.
        text: The file.
        imports: Whether it imports functions of a user.
    """

    executable: Executable
    text: str
    imports: bool

    @cached_property
    def _folder(self) -> Path | None:
        return folder_in_use()

    @cached_property
    def _around(self) -> str:
        return json.dumps(_surroundings(self._libraries))

    @cached_property
    def _libraries(self) -> tuple[str, ...]:
        return native.expected(native.kernels_of(self.executable))

    def functions(self) -> Executable:
        """All functions of the file, those that are jitted with programs that are kept."""
        own = vars(self.executable)
        jitted = {
            name: self.function(name, each)
            for name, each in own.items()
            if callable(each) and hasattr(each, "lower")
        }
        return cast("Executable", SimpleNamespace(**own | jitted))

    def function(
        self, name: str, jitted: Callable[..., Any], told: dict[str, Any] | None = None
    ) -> Callable[..., Any]:
        """A jitted function with programs that are kept.

        Args:
            name: What it is known by.
            jitted: The function, of nothing but what is in the file.
            told: What tracing it writes down.
        """
        if self.imports or len(compat.devices()) > 1:
            return jitted
        if self._folder is None and not self._libraries:
            return jitted  # there is nothing to keep and nothing to wait for
        key = f"{name}\n{self._around}\n{self.text}" if self._folder else name
        return Ready(jitted, key, self._folder, self.executable, self._libraries, told)


def _surroundings(libraries: tuple[str, ...]) -> dict[str, str]:
    """What a program depends on beside its text."""
    device = compat.device()
    settings = {
        name: str(value)
        for name, value in sorted(_jax.config.values.items())
        if not name.startswith(_FOLDERS)
    }
    return settings | {
        **{name: os.environ.get(name, "") for name in SETTINGS},
        "jax": _jax.__version__,
        "jaxlib": jaxlib.version.__version__,
        "machine": machine(),
        "native": " ".join(libraries),
        "device": f"{device.platform} {device.device_kind} {device.client.platform_version}",
    }
