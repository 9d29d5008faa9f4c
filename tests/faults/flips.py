"""Flip bits of a checkpoint and cut its files off: all is found, and the one before is used.

No process is started for each: a copy of a run folder is damaged, and `check_files`, which a run
that goes on calls before it reads anything, looks at it. Every so often the whole way is gone,
`Checkpoints.load`, which has to give the checkpoint before.
"""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from kspec.runtime import origin
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.folder import open_run
from kspec.runtime.manifest import Damaged, check_files, read_manifest
from tests.faults.runs import checkpoints, train_in, write_spec

WHOLE_WAY = 20  # one of so many flips is loaded, too


@dataclass
class Tally:
    """What came of it."""

    flips: int = 0
    cuts: int = 0
    loads: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return (
            f"{self.flips} flipped bits, {self.cuts} cuts, {self.loads} of them loaded, which "
            f"gave the checkpoint before: {len(self.wrong)} not found"
        )


def files_of(checkpoint: Path) -> list[Path]:
    """All its files, the manifest too."""
    return sorted(path for path in checkpoint.rglob("*") if path.is_file())


def is_found(checkpoint: Path) -> bool:
    """Whether what a run looks at before it goes on finds it damaged."""
    try:
        check_files(checkpoint, read_manifest(checkpoint))
    except Damaged:
        return True
    return False


def flip(path: Path, at: int, bit: int) -> None:
    """Flip a bit; once more, and it is as before."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


class Harm:
    """Harm to the newest checkpoint of a run folder, and what is made of it."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder = folder
        self.tally = tally
        self.before, self.newest = checkpoints(folder)[-2:]
        self._like = open_run(folder).state_like
        self._owner = origin.owner(origin.read(folder))

    def look(self, what: str, *, whole_way: bool) -> None:
        """The damage must be found; the whole way must lead to the checkpoint before."""
        if not is_found(self.newest):
            self.tally.wrong.append(what)
        if not whole_way:
            return
        with Checkpoints(self.newest.parent, owner=self._owner) as reader:
            found = reader.load(self._like)
        self.tally.loads += 1
        if found is None or found.name != self.before.name or len(reader.passed) != 1:
            self.tally.wrong.append(f"{what}: loaded {found and found.name}")

    def flip_any(self, chance: random.Random) -> None:
        """A bit of any of its files; each bit is as likely as another."""
        files = files_of(self.newest)
        path = chance.choices(files, [each.stat().st_size for each in files])[0]
        at, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
        flip(path, at, bit)
        self.tally.flips += 1
        self.look(f"{path}, byte {at}, bit {bit}", whole_way=not self.tally.flips % WHOLE_WAY)
        flip(path, at, bit)

    def cut_all(self) -> None:
        """Each of its files is cut off at each length."""
        for path in files_of(self.newest):
            text = path.read_bytes()
            for size in reversed(range(len(text))):
                os.truncate(path, size)
                self.tally.cuts += 1
                self.look(f"{path} cut off at {size}", whole_way=not size)
            path.write_bytes(text)


def flips(folder: Path, count: int, seed: int = 0, seconds: float = 1e9) -> Tally:
    """So many flips, and all cuts."""
    end = time.monotonic() + seconds
    os.chdir(folder)
    tally = Tally()
    harm = Harm(train_in(folder, write_spec(folder)), tally)
    chance = random.Random(seed)
    while tally.flips < count and time.monotonic() < end:
        harm.flip_any(chance)
        if not tally.flips % 1000:
            print(tally, file=sys.stderr, flush=True)
    harm.cut_all()
    assert not is_found(harm.newest)
    return tally
