"""Functions of kspec's own for CPUs: compiled once for a machine, and called by XLA.

`kspec/kernels/*.cc` has them. They are compiled by the C++ compiler of the machine, `$CXX` or the
first of `c++`, `g++` and `clang++`, into a library in the user's cache folder, which is called by
its source, the compiler, the machine and the version of jaxlib. Beside it stands its hash, or what
the compiler said where it failed, which is then not tried again. Without such a folder the library
is made for one process. Where there is no library, programs compute by XLA alone. `KSPEC_NATIVE=0`
turns it off.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shlex
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import jax
import jaxlib.version

from kspec.data.cache import cache_folder
from kspec.diagnostics import SpecError
from kspec.files import replacing, write_text
from kspec.runtime import compat
from kspec.tuned import machine

FOLDER: Final = "native"
FLAG: Final = "NATIVE"  # of a generated file: whether it may call the functions
SOURCE: Final = "conv_native.cc"
FUNCTIONS: Final = ("kspec_conv", "kspec_conv_gradient")
COMPILERS: Final = ("c++", "g++", "clang++")
OPTIONS: Final = (
    *("-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"),
    *("-shared", "-fPIC", "-pthread", "-w"),
)
SECONDS: Final = 120.0  # after which a compiler is given up

_ffi = cast("Any", jax).ffi


class _CompilerError(Exception):
    """There is a compiler, and it did not make the library."""


@cache
def library() -> str:
    """The name of the library, whose functions XLA now knows; empty where there is none."""
    if os.environ.get("KSPEC_NATIVE") == "0" or compat.device().platform != "cpu":
        return ""
    if len(compat.devices()) > 1:  # XLA cannot share a call of theirs among devices
        return ""
    compiler = _compiler()
    if compiler is None:
        return ""
    parts = (_source(), *compiler, *OPTIONS, machine(), jaxlib.version.__version__)
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    try:
        return name if _kept(name, compiler) or _passing(name, compiler) else ""
    except _CompilerError:
        return ""


def _kept(name: str, compiler: tuple[str, ...]) -> bool:
    """Load it from the cache folder, in which it is now if it was not."""
    home = cache_folder()
    if home is None:
        return False
    file = home / FOLDER / f"{name}.so"
    failed = file.with_suffix(".failed")
    if failed.exists():
        raise _CompilerError(failed)
    with suppress(SpecError, OSError):  # a full disk, a read-only home, one from which none may run
        if not _is_whole(file):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(file) as temporary:
                try:
                    _compile(compiler, temporary)
                except _CompilerError as error:
                    write_text(failed, str(error))
                    raise
                digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
            write_text(file.with_suffix(".sha256"), digest)
        return _load(file)
    return False


def _passing(name: str, compiler: tuple[str, ...]) -> bool:
    """Load it from a file that is gone afterwards: without a cache, too, the bits are the same."""
    with suppress(SpecError, OSError), TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.so")
        _compile(compiler, file)
        return _load(file)
    return False


def _load(file: Path) -> bool:
    """Tell XLA of the functions. Raises OSError."""
    loaded = ctypes.CDLL(str(file))
    for name in FUNCTIONS:
        _ffi.register_ffi_target(name, _ffi.pycapsule(getattr(loaded, name)), platform="cpu")
    return True


def _source() -> str:
    return (resources.files("kspec") / "kernels" / SOURCE).read_text(encoding="utf-8")


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


def _compile(compiler: tuple[str, ...], to: Path) -> None:
    """Run the compiler. Raises _CompilerError, with what it said."""
    headers = f"-I{_ffi.include_dir()}"
    command = [*compiler, *OPTIONS, headers, "-x", "c++", "-", "-o", str(to)]
    try:
        done = subprocess.run(
            command, input=_source(), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _CompilerError(f"{compiler[0]} took more than {SECONDS:.0f} seconds") from None
    if done.returncode:
        raise _CompilerError(done.stderr or f"exit code {done.returncode}")
