"""Let a disk fail, or a process die, at each call of a run that changes a file.

`shim.c` stands before the C library, so that the calls of Orbax's C++ are counted, too. A
process that has it, and has imported everything, forks one for each call.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.kills import child, import_all, result_in_child
from tests.faults.runs import write_spec

EPOCHS = 3
DIED = 137
ERRNOS = ("ENOSPC", "EIO", "EROFS", "EACCES", "EDQUOT", "EMFILE", "ETXTBSY")


@dataclass
class Tally:
    """What came of it."""

    what: str
    done: int = 0
    calls: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return f"{self.what}: {self.done} of {self.calls} calls, {len(self.wrong)} wrong"


def build_shim(folder: Path) -> Path:
    """The shim as a library."""
    library = folder / "shim.so"
    source = Path(__file__).parent / "shim.c"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


def wait(number: int) -> int:
    """The exit code of a process."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def sweep(folder: Path, what: str, every: int, first: int = 1, seconds: float = 1e9) -> Tally:
    """Fail at every so-many-th call.

    Args:
        folder: For the runs.
        what: The name of an errno, or `death`; or several, with commas between them.
        every: Which calls: 1 for all.
        first: The first one.
        seconds: An end to it.
    """
    import_all()
    end = time.monotonic() + seconds
    tally = Tally(what)
    place, log = folder / "whole", folder / "calls"
    place.mkdir()
    write_spec(place, EPOCHS)
    args = ("run", "net.kspec", "--quiet")
    assert wait(child(place, *args, FAULT_BELOW=f"{place}/runs", FAULT_LOG=str(log))) == 0
    whole = result_in_child(next(place.glob("runs/net/*")))
    tally.calls = int(log.read_text().split()[0])
    for kind in what.split(","):
        number = 0 if kind == "death" else getattr(errno, kind)
        for at in range(first, tally.calls + 1, every):
            if time.monotonic() > end:
                break
            place = folder / f"{kind}-{at}"
            place.mkdir()
            write_spec(place, EPOCHS)
            fault = {"FAULT_AT": str(at), "FAULT_ERRNO": str(number)}
            code = wait(child(place, *args, FAULT_BELOW=f"{place}/runs", **fault))
            wrong = mistake(place, code, whole, dies=kind == "death")
            tally.done += 1
            if wrong:
                tally.wrong.append(f"{place}: {wrong}")
            print(tally, wrong, file=sys.stderr, flush=True)
    return tally


def mistake(place: Path, code: int, whole: dict[str, str], *, dies: bool) -> str:
    """What is wrong with how it ended, and with what it is when it goes on."""
    said = (place / "said.txt").read_text(encoding="utf-8", errors="replace")
    if "Traceback" in said:
        return "a traceback"
    if dies and code not in (DIED, 0):
        return f"exit code {code}"
    if not dies and (code, "error[E610]" in said) not in ((1, True), (0, False)):
        return f"exit code {code} and: {said[-300:]}"
    left = [path.name for path in place.rglob(".*") if path.name not in (".lock",)]
    if left and not dies:
        return f"left behind: {left}"
    begun = list(place.glob("runs/net/*/run.json"))
    if not begun:
        return ""  # it failed before the run began
    if wait(child(place, "resume", str(begun[0].parent), "--quiet")):
        return f"it does not go on: {(place / 'said.txt').read_text()[-300:]}"
    found = result_in_child(begun[0].parent)
    return "" if found == whole else f"another result: {[k for k in whole if whole[k] != found[k]]}"
