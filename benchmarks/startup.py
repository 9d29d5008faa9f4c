"""How long kspec takes to start, against `python -c pass`, and `check` against size.

    python benchmarks/startup.py [--rounds 9]

The commands take turns; medians are given, in seconds of wall time and of CPU time, which is
steadier on a busy machine. Bytecode is kept in a folder of its own, and is there when times
are taken, as on a machine where kspec was used before.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIFTY = Path(__file__).parent / "fifty_lines.kspec"
LAYERS = (10, 100, 1_000, 10_000)


def main() -> None:
    """Time, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    rounds = options.parse_args().rounds
    kspec = [sys.executable, "-m", "kspec"]
    table = medians(
        {
            "python -c pass": [sys.executable, "-c", "pass"],
            "kspec --help": [*kspec, "--help"],
            "kspec check, 50 lines": [*kspec, "check", str(FIFTY)],
        },
        rounds,
    )
    with tempfile.TemporaryDirectory() as folder:
        specs = {count: stack(Path(folder), count) for count in LAYERS}
        table |= medians(
            {f"{count:,} layers": [*kspec, "check", str(spec)] for count, spec in specs.items()},
            min(rounds, 3),
        )
    print(f"{'':24} {'wall':>7} {'CPU':>7}   seconds")
    for name, (wall, cpu) in table.items():
        print(f"{name:24} {wall:7.3f} {cpu:7.3f}")


def medians(commands: dict[str, list[str]], rounds: int) -> dict[str, tuple[float, float]]:
    """The median wall time and CPU time of each command, the commands taking turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(rounds + 1):
            for name, command in commands.items():
                began, used = time.perf_counter(), cpu()
                subprocess.run(command, check=True, capture_output=True, env=env)
                if turn > 0:  # the first one writes the bytecode
                    times[name].append((time.perf_counter() - began, cpu() - used))
    return {
        name: (statistics.median(wall for wall, _ in each), statistics.median(c for _, c in each))
        for name, each in times.items()
    }


def cpu() -> float:
    """Seconds of CPU time that all processes started from here have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stack(folder: Path, count: int) -> Path:
    """A spec of so many dense layers."""
    lines = ["model Stack {", "  input x : f32[8]"]
    lines += ["  x = x -> dense(8, relu)"] * (count - 1)
    lines += ["  output y = x -> dense(1)", "}"]
    path = folder / f"stack_{count}.kspec"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
