"""Checkpoints: the whole state of a run, by Orbax, with a manifest; the newest whole one is used.

Each is written under a hidden name, hashed, brought to the disk, and renamed at the end: what
has the name of a checkpoint was whole once. What has been damaged since is passed over.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FileUnwritable
from kspec.diagnostics.lints import CheckpointDamaged
from kspec.files import make_folder, sync_folder, writing
from kspec.runtime import compat
from kspec.runtime.executable import Tree
from kspec.runtime.loop import Position
from kspec.runtime.manifest import (
    Damaged,
    check_files,
    read_manifest,
    write_manifest,
)
from kspec.runtime.snapshot import Loaded, Owner, position_from_json, position_to_json

_NAME: Final = re.compile(r"\d+(\.\d+)?")
ASIDE: Final = ".damaged"  # what the names of those end in that are passed over for good


class Checkpoints:
    """The checkpoints of a run folder. Use as a context: leaving waits for the last one.

    Args:
        folder: Where they are kept, a subfolder each, named by the number of updates.
        keep: How many.
        owner: Whose they are.

    Attributes:
        passed: Those that could not be used, the newest first.
    """

    def __init__(self, folder: Path, keep: int = 2, owner: Owner | None = None) -> None:
        logging.getLogger("absl").setLevel(logging.CRITICAL)  # what fails is reported
        self.folder = folder.absolute()
        self.keep = keep
        self.owner = owner or Owner()
        self.passed: list[CheckpointDamaged] = []
        self._thread = ThreadPoolExecutor(1, "kspec-checkpoint")
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown()
        if error is None:
            self._wait()

    # --- writing

    def save(self, state: Tree, position: Position, notes: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint in the background, unless the one before is still on its way.

        Raises:
            SpecError: The one before could not be written.
        """
        if self._pending is not None and not self._pending.done():
            return
        self._wait()
        if not self._of_step(int(state["step"])):
            self._write(state, position, notes)

    def save_now(
        self,
        state: Tree,
        position: Position,
        notes: Mapping[str, Any] | None = None,
        *,
        replace: bool = False,
    ) -> None:
        """Write a checkpoint and wait until it is on the disk.

        Args:
            state: The whole state.
            position: Where the run stands.
            notes: What else is to be saved.
            replace: Whether a checkpoint of this step may be another state, and must go.

        Raises:
            SpecError: It cannot be written.
        """
        self._wait()
        if replace or not self._of_step(int(state["step"])):
            self._write(state, position, notes)
        self._wait()

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _write(self, state: Tree, position: Position, notes: Mapping[str, Any] | None) -> None:
        about = {
            "run": self.owner.run,
            "program": self.owner.program,
            "step": int(state["step"]),
            "position": position_to_json(position),
            "notes": dict(notes or {}),
        }
        # The program donates its state to the next update: write a copy.
        copy = compat.tree_map(_copy, state)
        self._pending = self._thread.submit(self._commit, copy, about)

    def _commit(self, state: Tree, about: Mapping[str, Any]) -> None:
        """Write one, and forget what is too old. Raises SpecError."""
        from orbax.checkpoint import v1  # pyright: ignore[reportMissingTypeStubs]

        orbax: Any = v1
        step: int = about["step"]
        name = self._free_name(step)
        hidden = self.folder / f".{step}.tmp"
        try:
            with writing(Path(_shown(self.folder))):
                make_folder(self.folder)
                _remove(hidden)
                orbax.save(hidden, state)
                write_manifest(hidden, about)
                hidden.rename(self.folder / name)
                sync_folder(self.folder)
        except (ValueError, RuntimeError) as error:  # what Orbax makes of the system's errors
            reason = _reason(str(error))
            raise SpecError(
                (FileUnwritable(span=None, path=_shown(self.folder), reason=reason),)
            ) from None
        finally:
            self._remove_hidden()
        self._forget(name)

    def _free_name(self, step: int) -> str:
        """`486`, or `486.1` where that is taken."""
        taken = self._of_step(step)
        return str(step) if not taken else f"{step}.{int(_order(taken[-1])[1]) + 1}"

    def _forget(self, newest: str) -> None:
        """Remove the oldest, and those whose step was saved again; what cannot go stays."""
        names = self._names()
        same = [each for each in self._of_step(_order(newest)[0]) if each != newest]
        for name in {*same, *names[: -self.keep]} - {newest}:
            with suppress(OSError):
                gone = self.folder / f".{name}.gone"
                (self.folder / name).rename(gone)  # so that no half has the name of a whole
                shutil.rmtree(gone)

    def newest_of(self, step: int) -> str | None:
        """The name of the checkpoint of a step, the last one saved."""
        return next(reversed(self._of_step(step)), None)

    def _remove_hidden(self) -> None:
        """Remove what was being written or deleted when a process died, or failed."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.name.startswith("."):
                    _remove(path)

    def begin(self, at: str | None) -> None:
        """Make room for a run that goes on: those later than where it stands cannot be used.

        Args:
            at: The name of the checkpoint that was loaded, if one was.

        Raises:
            SpecError: They cannot be set aside.
        """
        self._remove_hidden()
        with writing(self.folder):
            for name in self._names():
                if at is None or _order(name) > _order(at):
                    aside = self.folder / f"{name}{ASIDE}"
                    _remove(aside)
                    (self.folder / name).rename(aside)

    # --- reading

    def _names(self) -> list[str]:
        """The names of the checkpoints, the oldest first."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208
        except FileNotFoundError:
            return []
        return sorted(filter(_NAME.fullmatch, names), key=_order)

    def _of_step(self, step: int) -> list[str]:
        return [name for name in self._names() if _order(name)[0] == step]

    def load(self, like: Callable[[int], Tree]) -> Loaded | None:
        """The newest checkpoint that is whole and of this run, or None; see `passed`.

        Args:
            like: A state of the program in a phase, for types and shapes.
        """
        bad: dict[str, CheckpointDamaged] = {}
        while names := [name for name in self._names() if name not in bad]:
            path = self.folder / names[-1]
            try:
                return self._load(names[-1], like)
            except Damaged as damage:
                if path.exists():  # else a run that goes on has forgotten it
                    reason = str(damage)
                    found = CheckpointDamaged(span=None, path=_shown(path), reason=reason)
                    bad[names[-1]] = found
                    self.passed.append(found)
        return None

    def _load(self, name: str, like: Callable[[int], Tree]) -> Loaded:
        """Raises Damaged."""
        from orbax.checkpoint import v1  # pyright: ignore[reportMissingTypeStubs]

        orbax: Any = v1
        folder = self.folder / name
        about = read_manifest(folder)
        if about["run"] != self.owner.run:
            raise Damaged("it is of another run")
        if about["program"] != self.owner.program:
            raise Damaged("it is of another program")
        if about["step"] != _order(name)[0]:
            raise Damaged(f"it is of step {about['step']:,}")
        check_files(folder, about)
        try:
            position = position_from_json(about["position"])
            state = orbax.load(folder, like(position.phase))
        except (ValueError, OSError, KeyError, TypeError) as error:
            raise Damaged(f"its state does not fit the program: {error}") from None
        return Loaded(name, state, position, about["notes"])


def _order(name: str) -> tuple[int, int]:
    step, _, again = name.partition(".")
    return int(step), int(again or 0)


def _shown(path: Path) -> str:
    """Below the current folder, if it is there."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _reason(text: str) -> str:
    """The system's error in what Orbax says, which has much around it."""
    found = re.search(r"os_error_code='(\d+)'", text)
    return os.strerror(int(found[1])) if found else text.split("\n")[0]


def _copy(each: Any) -> Any:
    return each.copy()
