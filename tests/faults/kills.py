"""Kill a run at random instants, go on, and compare it with one that was never killed.

Each process is forked from one that has imported everything, so that a kill costs less than a
second. A quarter of a run's kills waits until a checkpoint is being written; the process is
stopped, and killed if it is writing still. As many runs as there are cores go side by side.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.lanes import Found, cores, in_lanes, shares
from tests.faults.runs import only_run, result, write_spec

EPOCHS = 600
FEW = 10  # kills, for which runs of a fifth as many epochs will do
LONGEST = 1.2  # seconds until a kill
IN_A_SAVE = 0.25  # share of the kills that come while a checkpoint is written
MOST = 20  # kills in one run


@dataclass
class Tally:
    """What came of it."""

    runs: int = 0
    kills: int = 0
    in_saves: int = 0
    most: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.in_saves} of them while a checkpoint was written, in "
            f"{self.runs} runs, at most {self.most} in one: {len(self.wrong)} different"
        )

    def add(self, found: Found) -> None:
        """One more run."""
        self.runs += 1
        self.kills += found["kills"]
        self.in_saves += found["in_saves"]
        self.most = max(self.most, found["kills"])
        self.wrong += found["wrong"]


def child(place: Path, *args: str, **environment: str) -> int:
    """A process that does a command of kspec; what it says is in `said.txt`."""
    sys.stdout.flush()
    sys.stderr.flush()
    number = os.fork()
    if number:
        return number
    code = 99
    try:
        os.chdir(place)
        os.environ.update(environment)
        sink = os.open(place / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        from kspec.cli import main

        code = main.main(list(args), standalone_mode=False) or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(number: int) -> bool:
    """Whether a process has ended by itself; it must have ended well."""
    found, status = os.waitpid(number, os.WNOHANG)
    if found:
        assert status == 0, f"it ended with {status}"
    return bool(found)


def is_saving(place: Path) -> bool:
    """Whether a checkpoint is being written now."""
    return any(place.glob("runs/net/*/checkpoints/.*.tmp*"))


def kill_one(place: Path, number: int, wait: float, *, in_save: bool) -> bool | None:
    """Kill a process; None if it was quicker, else whether it was writing a checkpoint.

    Args:
        place: Where it runs.
        number: The process.
        wait: Seconds until the kill.
        in_save: Whether the kill waits further, until a checkpoint is written.
    """
    end = time.monotonic() + wait
    late = end + 3
    while time.monotonic() < end:
        if ended(number):
            return None
        time.sleep(0.005)
    while in_save and time.monotonic() < late:
        if ended(number):
            return None
        if is_saving(place):
            time.sleep(wait % 0.05)  # somewhere in it
            os.kill(number, signal.SIGSTOP)
            if is_saving(place):
                break
            os.kill(number, signal.SIGCONT)
        time.sleep(0.0005)
    os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    return None if status == 0 else is_saving(place)


def killed_run(place: Path, most: int, chance: random.Random, found: Found) -> Path:
    """A run that is killed up to `most` times and always resumed, to its end."""
    number = child(place, "run", "net.kspec", "--quiet")
    while not list(place.glob("runs/net/*/run.json")):
        assert not ended(number)
        time.sleep(0.005)
    folder = only_run(place)
    for at in chance.sample(range(most), most):
        in_save = at < max(1, round(most * IN_A_SAVE))
        saving = kill_one(place, number, chance.uniform(0.0, LONGEST), in_save=in_save)
        if saving is None:
            return folder
        found["kills"] += 1
        found["in_saves"] += saving
        number = child(place, "resume", str(folder), "--quiet")
    _, status = os.waitpid(number, 0)
    assert status == 0, (place / "said.txt").read_text()
    return folder


def import_all() -> None:
    """All that a run imports, before any process is forked; no device is asked for."""
    import jax  # noqa: F401
    from orbax.checkpoint import v1  # noqa: F401

    import kspec.api
    import kspec.cli
    import kspec.commands.changes
    import kspec.runtime.train  # noqa: F401


def kills(folder: Path, count: int, seed: int = 0, seconds: float = 1e9) -> Tally:
    """So many kills, over as many runs as that takes."""
    import_all()
    tally = Tally()
    end = time.monotonic() + seconds
    epochs = EPOCHS if count > FEW else EPOCHS // 5
    whole = killed(folder / "whole", epochs, 0, random.Random(seed), None)["result"]
    lanes = cores()

    def work(lane: int) -> Iterator[Found]:
        for number, most in shares(count, MOST, lane, lanes):
            chance = random.Random(f"{seed} {number}")
            done = again = 0
            while done < most and time.monotonic() < end:  # a run may end before its last kill
                found = killed(folder / f"run{number}-{again}", epochs, most - done, chance, whole)
                done, again = done + found["kills"], again + 1
                yield found | {"result": None}

    for found in in_lanes(work, lanes):
        tally.add(found)
        print(tally, file=sys.stderr, flush=True)
    return tally


def killed(
    place: Path, epochs: int, most: int, chance: random.Random, whole: dict[str, str] | None
) -> Found:
    """A run that is killed, and what it comes to."""
    place.mkdir(parents=True)
    write_spec(place, epochs)
    found: Found = {"kills": 0, "in_saves": 0, "wrong": []}
    result = result_in_child(killed_run(place, most, chance, found))
    names = [name for name in whole or () if whole and result.get(name) != whole[name]]
    if names:
        found["wrong"] = [f"{place}: {', '.join(names)}"]
    else:
        shutil.rmtree(place)  # what is the same need not be looked at
    return found | {"result": result}


def result_in_child(folder: Path) -> dict[str, str]:
    """What a run has come to; looked at in a process of its own, for it asks for the device."""
    end, start = os.pipe()
    number = os.fork()
    if not number:
        with os.fdopen(start, "wb") as pipe:
            pipe.write(json.dumps(result(folder)).encode())
        os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(number, 0)
    return json.loads(text)
