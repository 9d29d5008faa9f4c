"""How long kspec takes to start, against `python -c pass`, and `check` against size.

    python benchmarks/startup.py [--rounds 9]

The commands take turns; medians are given, in seconds of wall time.
"""

from __future__ import annotations

import argparse
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
    for name, seconds in table.items():
        print(f"{name:24} {seconds:7.3f} s")


def medians(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """The median wall time of each command, the commands taking turns."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


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
