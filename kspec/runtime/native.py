"""Functions of kspec's own for CPUs, which XLA calls.

Where a generated file has kernels with functions of their own, their libraries are made while
first weights are drawn and steps are traced, which takes them for done; XLA waits for them. Where
there is no library, programs compute by XLA alone. See `libraries.py`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Final, cast

import jax

from kspec.runtime import compat, libraries
from kspec.runtime.libraries import Library, Made

_ffi = cast("Any", jax).ffi


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
    for flag, kernel in libraries.flags().items():
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
    return tuple(kernel for flag, kernel in libraries.flags().items() if hasattr(module, flag))


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
    if known is None:
        return ""
    made = libraries.making(kernel).result()
    if made is not None and not _load(known, made):  # no code may run from that folder
        made = libraries.passing(known)
        if made is not None and not _load(known, made):
            made = None
    return known.name if made is not None else ""


def _known(kernel: str) -> Library | None:
    """What a kernel's library is; None where none is to be used."""
    if compat.device().platform != "cpu" or len(compat.devices()) > 1:
        return None  # XLA cannot share a call of theirs among devices
    return libraries.known(kernel)


def _load(library: Library, made: Made) -> bool:
    """Tell XLA of the functions; False where the system does not load the file."""
    try:
        loaded = ctypes.CDLL(str(made.file))
    except OSError:
        return False
    finally:
        made.forget()
    for name in library.functions:
        _ffi.register_ffi_target(name, _ffi.pycapsule(getattr(loaded, name)), platform="cpu")
    return True
