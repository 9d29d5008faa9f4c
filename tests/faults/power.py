"""Let the power fail: what was not brought to the disk is lost, in part or in another order.

A run's calls are traced by `shim.c`. A disk is made of them in memory that promises no more than
POSIX does: `fsync` of a file keeps its bytes, `fsync` of a folder the names in it; all else since
then is kept or not, each by chance, and a write may be kept in part. For random instants the disk
is written out as it then could be, and the run goes on from there.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.flips import is_found
from tests.faults.kills import child, import_all, result_in_child
from tests.faults.lanes import Found, cores, in_lanes
from tests.faults.runs import checkpoints, write_spec

EPOCHS = 3


@dataclass(eq=False)
class Node:
    """A file or a folder.

    Attributes:
        is_folder: Which of them.
        bytes: Of a file, what was written: (when, where, bytes, or None to cut it off there).
        names: Of a folder, what was named: (when, the name, what has it now, the name it had).
        kept: When it was brought to the disk.
    """

    is_folder: bool
    bytes: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    names: list[tuple[int, str, Node | None, str]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


class Disk:
    """What a trace did, call by call.

    Attributes:
        calls: How many there are.
        saved: When a checkpoint had been saved, and its name.
    """

    def __init__(self, trace: Path, place: Path) -> None:
        self._place = place
        self.root = Node(True)
        self._now: dict[str, Node] = {"": self.root}  # by path
        self._by_inode: dict[str, Node] = {}
        self.saved: list[tuple[int, str]] = []
        lines = trace.read_text(encoding="utf-8").splitlines()
        self.calls = len(lines)
        for when, line in enumerate(lines, 1):
            kind, *words = line.split(" ")
            getattr(self, f"_{kind.lower()}")(when, *words)

    def _path(self, path: str) -> tuple[str, Node, str]:
        """Below the place, its folder, and its name there."""
        whole = str(Path(path).relative_to(self._place) if path.startswith("/") else Path(path))
        folder, _, name = whole.rpartition("/")
        return whole, self._now[folder], name

    def _make(self, when: int, inode: str, path: str, *, is_folder: bool) -> None:
        whole, folder, name = self._path(path)
        if whole not in self._now:
            node = self._now[whole] = self._by_inode[inode] = Node(is_folder)
            folder.names.append((when, name, node, ""))

    def _o(self, when: int, inode: str, path: str) -> None:
        self._make(when, inode, path, is_folder=False)

    def _m(self, when: int, inode: str, path: str) -> None:
        self._make(when, inode, path, is_folder=True)

    def _w(self, when: int, inode: str, at: str, text: str) -> None:
        self._by_inode[inode].bytes.append((when, int(at), bytes.fromhex(text)))

    def _t(self, when: int, inode: str, size: str, _: str) -> None:
        self._by_inode[inode].bytes.append((when, int(size), None))

    def _s(self, when: int, inode: str, *_: str) -> None:
        node = self._by_inode[inode]
        node.kept.append(when)
        *_, last = [""] if not node.is_folder else ["", *(name for _, name, _, _ in node.names)]
        if last.replace(".", "").isdigit() and not last.startswith("."):
            self.saved.append((when, last))

    def _r(self, when: int, path: str, to: str) -> None:
        whole, folder, name = self._path(path)
        new, into, called = self._path(to)
        assert folder is into, "only renames in one folder are known here"
        for each in [each for each in self._now if each == new or each.startswith(f"{new}/")]:
            del self._now[each]
        for each in [each for each in self._now if each == whole or each.startswith(f"{whole}/")]:
            self._now[new + each.removeprefix(whole)] = self._now.pop(each)
        folder.names.append((when, called, self._now[new], name))

    def _u(self, when: int, path: str, *_: str) -> None:
        whole, folder, name = self._path(path)
        del self._now[whole]
        folder.names.append((when, name, None, ""))

    def write(self, to: Path, when: int, chance: random.Random, share: float) -> None:
        """Write the disk out as it can be after the power failed.

        Args:
            to: Where.
            when: After which call it failed.
            chance: What is lost.
            share: Of what need not be kept, what is.
        """
        self._write(self.root, to, when, lambda: chance.random() < share, chance)

    def _write(self, node: Node, to: Path, when: int, keeps, chance: random.Random) -> None:
        kept = [each for each in node.kept if each <= when]
        sure = max(kept, default=0) if node is not self.root else when  # it was there before
        if node.is_folder:
            to.mkdir(exist_ok=True)
            for name, each in self._names(node, when, sure, keeps).items():
                self._write(each, to / name, when, keeps, chance)
            return
        text = bytearray()
        for at, start, part in node.bytes:
            if at > when or (at > sure and not keeps()):
                continue
            if part is None:
                text = text[:start].ljust(start, b"\0")
                continue
            if at > sure and not keeps():
                part = part[: chance.randrange(len(part) + 1)]
            text = text.ljust(start, b"\0")
            text[start : start + len(part)] = part
        to.write_bytes(text)

    def _names(self, node: Node, when: int, sure: int, keeps) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for at, name, each, before in node.names:
            if at > when or (at > sure and not keeps()):
                continue
            if each is not None:
                found[name] = each
            else:
                found.pop(name, None)
            if before and found.get(before) is each:
                del found[before]
        return found


@dataclass
class Tally:
    """What came of it."""

    failures: int = 0
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.failures} power failures, {self.resumed} runs that had begun went on: "
            f"{len(self.wrong)} wrong"
        )


def power(folder: Path, count: int, seed: int = 0, seconds: float = 1e9) -> Tally:
    """So many power failures of one run, at random instants."""
    import_all()
    end = time.monotonic() + seconds
    place, trace = folder / "whole", folder / "trace"
    place.mkdir()
    write_spec(place, EPOCHS)
    below = {"FAULT_BELOW": f"{place}/runs", "FAULT_TRACE": str(trace)}
    assert ended(child(place, "run", "net.kspec", "--quiet", **below)) == 0
    whole = result_in_child(next(place.glob("runs/net/*")))
    disk = Disk(trace, place)
    disk.write(folder / "same", disk.calls, random.Random(0), 1.0)
    assert tree(folder / "same" / "runs") == tree(place / "runs"), "the trace is not whole"
    tally, lanes = Tally(), cores()

    def work(lane: int) -> Iterator[Found]:
        for number in range(lane, count, lanes):
            if time.monotonic() < end:
                yield failure(
                    folder / f"at{number}", disk, whole, random.Random(f"{seed} {number}")
                )

    for found in in_lanes(work, lanes):
        tally.failures += 1
        tally.resumed += found["resumed"]
        tally.wrong += found["wrong"]
        print(tally, *found["wrong"], file=sys.stderr, flush=True)
    return tally


def failure(place: Path, disk: Disk, whole: dict[str, str], chance: random.Random) -> Found:
    """One power failure, and what is made of what is left."""
    when, share = chance.randrange(disk.calls + 1), chance.choice([0.0, 0.5, 1.0, chance.random()])
    place.mkdir()
    write_spec(place, EPOCHS)
    disk.write(place, when, chance, share)
    saved = [name for at, name in disk.saved if at <= when]
    begun = list(place.glob("runs/net/*/run.json"))
    wrong = ""
    if not begun:
        wrong = "the run is lost" if saved else ""
    else:
        run = begun[0].parent
        whole_ones = [each.name for each in checkpoints(run) if not is_found(each)] if saved else []
        if saved and int(saved[-1]) > max(map(int, whole_ones), default=-1):
            wrong = f"checkpoint {saved[-1]} is lost"
        elif ended(child(place, "resume", str(run), "--quiet")):
            wrong = f"it does not go on: {(place / 'said.txt').read_text()[-400:]}"
        elif (found := result_in_child(run)) != whole:
            wrong = f"another result: {[name for name in whole if found.get(name) != whole[name]]}"
    if not wrong:
        shutil.rmtree(place)
    said = [f"{place}, after call {when}, {share:.2f} kept: {wrong}"] if wrong else []
    return {"resumed": bool(begun), "wrong": said}


def ended(number: int) -> int:
    """The exit code of a process."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
