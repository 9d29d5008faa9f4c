"""SIGTERM at random instants of training: each is saved, and the run goes on to the same end.

A run gets up to 20, one after the other; as many runs as there are cores go side by side.
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

from tests.faults.flips import is_found
from tests.faults.kills import EPOCHS, child, import_all, result_in_child
from tests.faults.lanes import Found, cores, in_lanes, shares
from tests.faults.runs import checkpoints, only_run, write_spec

MOST = 20  # signals in one run
LONGEST = 0.15  # seconds between the first dispatch of a process and the signal
SOON = 10  # seconds until it has ended


@dataclass
class Tally:
    """What came of it."""

    runs: int = 0
    signals: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return (
            f"{self.signals} signals in {self.runs} runs, each saved with exit code 143 within "
            f"{self.slowest:.1f} s: {len(self.wrong)} wrong"
        )


def signals(folder: Path, count: int, seed: int = 0, seconds: float = 1e9) -> Tally:
    """So many signals, over as many runs as that takes."""
    import_all()
    tally = Tally()
    end = time.monotonic() + seconds
    whole = ended_by_signals(folder / "whole", 0, random.Random(seed), None)["result"]
    lanes = cores()

    def work(lane: int) -> Iterator[Found]:
        for number, most in shares(count, MOST, lane, lanes):
            chance = random.Random(f"{seed} {number}")
            done = again = 0
            while done < most and time.monotonic() < end:
                place = folder / f"run{number}-{again}"
                found = ended_by_signals(place, most - done, chance, whole)
                done, again = done + found["signals"], again + 1
                yield found | {"result": None}

    for found in in_lanes(work, lanes):
        tally.runs += 1
        tally.signals += found["signals"]
        tally.slowest = max(tally.slowest, found["slowest"])
        tally.wrong += found["wrong"]
        print(tally, file=sys.stderr, flush=True)
    return tally


def ended_by_signals(
    place: Path, most: int, chance: random.Random, whole: dict[str, str] | None
) -> Found:
    """A run that is asked to stop up to `most` times and always resumed, and its end."""
    place.mkdir(parents=True)
    write_spec(place, EPOCHS)
    found: Found = {"signals": 0, "slowest": 0.0, "wrong": []}
    number = child(place, "run", "net.kspec", "--quiet")
    folder = only_run(place)
    for _ in range(most):
        if not trains(folder, number):
            break
        time.sleep(chance.uniform(0, LONGEST))
        sent = time.monotonic()
        os.kill(number, signal.SIGTERM)
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        if about(folder)["status"] == "finished":
            number = 0
            break  # it was quicker
        found["signals"] += 1
        found["slowest"] = max(found["slowest"], time.monotonic() - sent)
        found["wrong"] += wrong_end(folder, code, time.monotonic() - sent)
        number = child(place, "resume", str(folder), "--quiet")
    if number and os.waitpid(number, 0)[1]:
        found["wrong"].append(f"{place}: {(place / 'said.txt').read_text()[-300:]}")
    result = result_in_child(folder)
    if whole is not None and result != whole:
        found["wrong"].append(f"{place}: another result")
    if not found["wrong"]:
        shutil.rmtree(place)
    return found | {"result": result}


def about(folder: Path) -> Found:
    """What `run.json` says."""
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def trains(folder: Path, number: int) -> bool:
    """Wait until a process trains, and so hears signals; False if it has ended instead."""
    while about(folder)["status"] != "running":
        if os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        time.sleep(0.002)
    return True


def wrong_end(folder: Path, code: int, seconds: float) -> list[str]:
    """What is wrong with how a process ended that was asked to stop."""
    said = (folder.parents[2] / "said.txt").read_text(encoding="utf-8", errors="replace")
    newest = checkpoints(folder)[-1]
    saved = json.loads((newest / "manifest.json").read_text(encoding="utf-8"))
    now = about(folder)
    looks = {
        f"exit code {code}": code != 128 + signal.SIGTERM,
        f"it took {seconds:.1f} s": seconds > SOON,
        "a traceback": "Traceback" in said,
        f"its status is {now['status']}": now["status"] != "interrupted",
        f"checkpoint {newest.name} is not whole": is_found(newest),
        f"step {now.get('steps')} is not saved": saved["step"] != now.get("steps"),
    }
    return [f"{folder}: {what}" for what, is_wrong in looks.items() if is_wrong]
