"""Libraries of kspec's own functions: compiled by the C++ compiler of the machine, once.

`kspec/kernels/NAME.cc` has the functions of the kernel `NAME`. The compiler is `$CXX` or the first
of `c++`, `g++` and `clang++`; the library goes into the user's cache folder, where it is called by
its source, the compiler, the machine and the version of jaxlib. Beside it stands its hash, or what
the compiler said where it failed, which is then not tried again. Without such a folder the library
is made for one process. `KSPEC_NATIVE=0` turns it off.

Nothing here needs JAX, which takes most of a second to import: meanwhile libraries are made.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from kspec.data.cache import cache_folder
from kspec.diagnostics import SpecError
from kspec.files import replacing, write_text
from kspec.tuned import accelerators, machine

FOLDER: Final = "native"
HOME: Final = Path(__file__).parent.parent / "kernels"
HANDLER: Final = re.compile(r"KSPEC_HANDLER\((\w+),")
COMPILERS: Final = ("c++", "g++", "clang++")
OPTIONS: Final = (
    *("-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"),
    *("-shared", "-fPIC", "-pthread", "-w"),
)
SECONDS: Final = 120.0  # after which a compiler is given up


class CompilerError(Exception):
    """There is a compiler, and it did not make the library."""


class Library(NamedTuple):
    """A library: of which kernel, by which command, and its functions."""

    kernel: str
    name: str
    compiler: tuple[str, ...]
    functions: tuple[str, ...]


class Made(NamedTuple):
    """The file of a library, and the folder that is to go with it where it is for one process."""

    file: Path
    passing: TemporaryDirectory[str] | None = None

    def forget(self) -> None:
        """Delete what is for one process, which has loaded it."""
        if self.passing is not None:
            self.passing.cleanup()


@cache
def flags() -> dict[str, str]:
    """All kernels with functions of their own, by the flags that generated files have."""
    return {path.stem.upper(): path.stem for path in sorted(HOME.glob("*.cc"))}


def begin(text: str) -> None:
    """Make the libraries of the kernels in the text of a generated file, in threads.

    That is before JAX is there, so only where it will surely find one CPU as its device.
    """
    settings = (os.environ.get(name, "") for name in ("XLA_FLAGS", "JAX_NUM_CPU_DEVICES"))
    shared = any("device_count" in each or each.isdecimal() for each in settings)
    if shared or accelerators() or os.environ.get("JAX_PLATFORMS", "cpu") not in ("", "cpu"):
        return
    for flag, kernel in flags().items():
        if flag in text:
            making(kernel)


@cache
def making(kernel: str) -> Future[Made | None]:
    """Its library, which a thread makes; None where there will be none."""
    return _threads().submit(_made, kernel)


@cache
def _threads() -> ThreadPoolExecutor:
    """Those that wait for the compiler."""
    return ThreadPoolExecutor()


@cache
def known(kernel: str) -> Library | None:
    """What a kernel's library is; None where none is to be made."""
    if os.environ.get("KSPEC_NATIVE") == "0":
        return None
    compiler = _compiler()
    if compiler is None:
        return None
    from jaxlib import version

    source = (HOME / f"{kernel}.cc").read_text(encoding="utf-8")
    shared = [path.read_text(encoding="utf-8") for path in sorted(HOME.glob("*.h"))]
    parts = (source, *shared, *compiler, *OPTIONS, machine(), version.__version__)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Library(kernel, f"{kernel}-{digest[:16]}", compiler, tuple(HANDLER.findall(source)))


def _made(kernel: str) -> Made | None:
    library = known(kernel)
    if library is None:
        return None
    try:
        return _kept(library) or passing(library)
    except CompilerError:
        return None


def _kept(library: Library) -> Made | None:
    """The one in the cache folder, which is made there if it was not; None without a place."""
    home = cache_folder()
    if home is None:
        return None
    file = home / FOLDER / f"{library.name}.so"
    failed = file.with_suffix(".failed")
    if failed.exists():
        raise CompilerError(failed)
    with suppress(SpecError, OSError):  # a full disk, a read-only home
        if not _is_whole(file):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(file) as temporary:
                try:
                    _compile(library, temporary)
                except CompilerError as error:
                    write_text(failed, str(error))
                    raise
                digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
            write_text(file.with_suffix(".sha256"), digest)
        return Made(file)
    return None


def passing(library: Library) -> Made | None:
    """One in a file that is gone afterwards: without a cache, too, the bits are the same."""
    with suppress(OSError, CompilerError):
        folder = TemporaryDirectory()
        file = Path(folder.name, f"{library.name}.so")
        _compile(library, file)
        return Made(file, folder)
    return None


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


def _compile(library: Library, to: Path) -> None:
    """Run the compiler. Raises CompilerError, with what it said."""
    import jaxlib

    include = Path(jaxlib.__file__).parent / "include"  # as `jax.ffi.include_dir()`
    source = str(HOME / f"{library.kernel}.cc")
    command = [*library.compiler, *OPTIONS, f"-I{include}", source, "-o", str(to)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CompilerError(f"{library.compiler[0]} took more than {SECONDS:.0f} seconds") from None
    if done.returncode:
        raise CompilerError(done.stderr or f"exit code {done.returncode}")
