"""Functions of kspec's own for CPUs: compiled once for a machine, and called by XLA.

`kspec/kernels/NAME.cc` has those of the kernel `NAME`. Where a generated file has that kernel, they
are compiled by the C++ compiler of the machine, `$CXX` or the first of `c++`, `g++` and `clang++`,
into a library in the user's cache folder, which is called by its source, the compiler, the machine
and the version of jaxlib. Beside it stands its hash, or what the compiler said where it failed,
which is then not tried again. Without such a folder the library is made for one process. That goes
on while first weights are drawn and steps are traced, which takes it for done; XLA waits for it.
Where there is no library, programs compute by XLA alone. `KSPEC_NATIVE=0` turns it off.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, cast

import jax
import jaxlib.version

from kspec.data.cache import cache_folder
from kspec.diagnostics import SpecError
from kspec.files import replacing, write_text
from kspec.runtime import compat
from kspec.tuned import machine

FOLDER: Final = "native"
HOME: Final = Path(__file__).parent.parent / "kernels"
HANDLER: Final = re.compile(r"KSPEC_HANDLER\((\w+),")
COMPILERS: Final = ("c++", "g++", "clang++")
OPTIONS: Final = (
    *("-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"),
    *("-shared", "-fPIC", "-pthread", "-w"),
)
SECONDS: Final = 120.0  # after which a compiler is given up

_ffi = cast("Any", jax).ffi


class _CompilerError(Exception):
    """There is a compiler, and it did not make the library."""


class _Library(NamedTuple):
    """A library: of which kernel, by which command, and its functions."""

    kernel: str
    name: str
    compiler: tuple[str, ...]
    functions: tuple[str, ...]


class _Answer:
    """Whether there is a library, which is waited for when somebody asks, unless it is assumed."""

    def __init__(self, kernel: str) -> None:
        self._kernel = kernel

    def __bool__(self) -> bool:
        taken = _taken.get()
        if taken is None:
            return made((self._kernel,))
        if not _expected(self._kernel):
            return False
        taken.add(self._kernel)
        return True


_taken: Final = ContextVar[set[str] | None]("_taken", default=None)


@contextmanager
def assumed() -> Generator[set[str]]:
    """Take the libraries that are expected for made, and gather the kernels of which that was."""
    taken: set[str] = set()
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)


def made(kernels: Iterable[str]) -> bool:
    """Whether there is a library of each of these kernels, when they are made."""
    return all([_making(kernel).result() for kernel in kernels])


def expected(kernels: Iterable[str]) -> tuple[str, ...]:
    """The names of their libraries, those left out that there will not be, as far as is known."""
    return tuple(filter(None, map(_expected, kernels)))


def _expected(kernel: str) -> str:
    making = _making(kernel)
    if making.done():
        return making.result()
    known = _known(kernel)
    return known.name if known else ""


def begin(text: str) -> None:
    """Make the libraries of the kernels in the text of a generated file, in threads."""
    for flag, kernel in _flags().items():
        if flag in text:
            _making(kernel)


def prepare(module: Any) -> None:
    """Tell a generated file what it may call; meanwhile the libraries of its kernels are made.

    A kernel with functions of its own has a flag that is called as it is, in capitals.
    """
    for kernel in kernels_of(module):
        _making(kernel)
        setattr(module, kernel.upper(), _Answer(kernel))


def kernels_of(module: Any) -> tuple[str, ...]:
    """The kernels with functions of their own in a generated file."""
    return tuple(kernel for flag, kernel in _flags().items() if hasattr(module, flag))


@cache
def _flags() -> dict[str, str]:
    """All kernels with functions of their own, by their flags."""
    return {path.stem.upper(): path.stem for path in sorted(HOME.glob("*.cc"))}


@cache
def _making(kernel: str) -> Future[str]:
    """The name of its library, which a thread makes."""
    return _threads().submit(library, kernel)


@cache
def _threads() -> ThreadPoolExecutor:
    """Those that wait for the compiler."""
    return ThreadPoolExecutor()


@cache
def library(kernel: str) -> str:
    """The name of a kernel's library, whose functions XLA now knows; empty where there is none."""
    known = _known(kernel)
    try:
        return known.name if known and (_kept(known) or _passing(known)) else ""
    except _CompilerError:
        return ""


@cache
def _known(kernel: str) -> _Library | None:
    """What a kernel's library is; None where none is to be made."""
    if os.environ.get("KSPEC_NATIVE") == "0" or compat.device().platform != "cpu":
        return None
    if len(compat.devices()) > 1:  # XLA cannot share a call of theirs among devices
        return None
    compiler = _compiler()
    if compiler is None:
        return None
    source = (HOME / f"{kernel}.cc").read_text(encoding="utf-8")
    shared = [path.read_text(encoding="utf-8") for path in sorted(HOME.glob("*.h"))]
    parts = (source, *shared, *compiler, *OPTIONS, machine(), jaxlib.version.__version__)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return _Library(kernel, f"{kernel}-{digest[:16]}", compiler, tuple(HANDLER.findall(source)))


def _kept(made: _Library) -> bool:
    """Load it from the cache folder, in which it is now if it was not."""
    home = cache_folder()
    if home is None:
        return False
    file = home / FOLDER / f"{made.name}.so"
    failed = file.with_suffix(".failed")
    if failed.exists():
        raise _CompilerError(failed)
    with suppress(SpecError, OSError):  # a full disk, a read-only home, one from which none may run
        if not _is_whole(file):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(file) as temporary:
                try:
                    _compile(made, temporary)
                except _CompilerError as error:
                    write_text(failed, str(error))
                    raise
                digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
            write_text(file.with_suffix(".sha256"), digest)
        return _load(made, file)
    return False


def _passing(made: _Library) -> bool:
    """Load it from a file that is gone afterwards: without a cache, too, the bits are the same."""
    with suppress(SpecError, OSError), TemporaryDirectory() as folder:
        file = Path(folder, f"{made.name}.so")
        _compile(made, file)
        return _load(made, file)
    return False


def _load(made: _Library, file: Path) -> bool:
    """Tell XLA of the functions. Raises OSError."""
    loaded = ctypes.CDLL(str(file))
    for name in made.functions:
        _ffi.register_ffi_target(name, _ffi.pycapsule(getattr(loaded, name)), platform="cpu")
    return True


def _compiler() -> tuple[str, ...] | None:
    """The command of the C++ compiler."""
    for command in filter(None, (os.environ.get("CXX", ""), *COMPILERS)):
        with suppress(ValueError):  # a quote that is not closed
            program, *options = shlex.split(command)
            found = shutil.which(program)
            if found is not None:
                return (found, *options)
    return None


def _is_whole(file: Path) -> bool:
    """Whether the library is what the compiler wrote."""
    with suppress(OSError):
        digest = file.with_suffix(".sha256").read_text(encoding="ascii", errors="replace")
        return hashlib.sha256(file.read_bytes()).hexdigest() == digest
    return False


def _compile(made: _Library, to: Path) -> None:
    """Run the compiler. Raises _CompilerError, with what it said."""
    source = str(HOME / f"{made.kernel}.cc")
    command = [*made.compiler, *OPTIONS, f"-I{_ffi.include_dir()}", source, "-o", str(to)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _CompilerError(f"{made.compiler[0]} took more than {SECONDS:.0f} seconds") from None
    if done.returncode:
        raise _CompilerError(done.stderr or f"exit code {done.returncode}")
