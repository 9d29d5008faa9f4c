"""At length what the suite samples. The last line has the counts; the exit code is 1 for a mistake.

python -m tests.faults kills --count 1000        SIGKILL at random instants
python -m tests.faults signals --count 200       SIGTERM while a run trains
python -m tests.faults flips --count 10000       flipped bits of a checkpoint, and all cuts
python -m tests.faults nans --count 100          something that is no number, anywhere
python -m tests.faults power --count 1000        power failures: writes are lost or reordered
python -m tests.faults disk --what death         death before each call of a run that writes
python -m tests.faults disk --what ENOSPC        each of these calls fails
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")

KINDS = {"kills": 1000, "signals": 200, "flips": 10_000, "nans": 100, "power": 1000, "disk": 0}
SHIMMED = ("disk", "power")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, help="how many; not for disk")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    parser.add_argument("--what", default="death", help="for disk: death, ENOSPC, EIO, ...")
    parser.add_argument("--every", type=int, default=1, help="for disk: which calls: 1 for all")
    parser.add_argument("--first", type=int, default=1, help="for disk: the first call")
    parser.add_argument("--seconds", type=float, default=1e9, help="an end to it")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kspec-faults-"))
    if given.kind in SHIMMED and "LD_PRELOAD" not in os.environ:
        from tests.faults.disk import build_shim

        os.environ["LD_PRELOAD"] = str(build_shim(folder))
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]])
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    wrong, said = done(given, folder)
    for each in wrong:
        print(each)
    print(said)
    return 1 if wrong else 0


def done(given: argparse.Namespace, folder: Path) -> tuple[list[str], str]:
    """What is wrong, and the counts."""
    from tests.faults import disk, flips, kills, nans, power, signals

    if given.kind == "disk":
        tally = disk.sweep(folder, given.what, given.every, given.first, given.seconds)
        return tally.wrong, str(tally)
    work = {
        "kills": kills.kills,
        "signals": signals.signals,
        "flips": flips.flips,
        "nans": nans.nans,
        "power": power.power,
    }[given.kind]
    tally = work(folder, given.count or KINDS[given.kind], given.seed, given.seconds)
    return tally.wrong, str(tally)


if __name__ == "__main__":
    sys.exit(main())
