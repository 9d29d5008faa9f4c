"""Run benchmarks: `python -m benchmarks [NAME...] [--rounds N] [--json] [--list]`.

Each workload is measured in a process of its own, in which kspec and its peers take turns. A run
of all of them writes benchmarks/RESULTS.md and benchmarks/results.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import harness, results, workloads
from benchmarks.harness import Measured
from benchmarks.machine import Rates

ROOT = Path(__file__).parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit code is 1 if a workload failed or its losses differ."""
    options = parse(arguments)
    if options.list:
        for name, text in workloads.found().items():
            print(f"{name:14} {text.splitlines()[0]}")
        return 0
    machine = json.loads(python("benchmarks.machine"))
    facts, rates = machine["facts"], Rates(**machine["rates"])
    measured, failed = [], []
    for name in options.names or workloads.found():
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            measured.append(harness.read(python("benchmarks.harness", name, str(options.rounds))))
        except subprocess.CalledProcessError:
            failed.append(name)  # its process has said why
    facts["load"] += f" to {os.getloadavg()[0]:.1f}"
    page = results.page(facts, rates, options.rounds, measured)
    if not options.names and not failed:
        (ROOT / "benchmarks" / "RESULTS.md").write_text(page, encoding="utf-8")
        (ROOT / "benchmarks" / "results.svg").write_text(
            results.picture(measured), encoding="utf-8"
        )
    print(as_json(facts, rates, measured) if options.json else page)
    for name in failed:
        print(f"{name} failed", file=sys.stderr)
    return 1 if failed or any(each.faults() for each in measured) else 0


def parse(arguments: list[str] | None) -> Any:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads; all by default")
    parser.add_argument("--rounds", type=int, default=9, help="calls of each (default: 9)")
    parser.add_argument("--json", action="store_true", help="print all numbers as JSON")
    parser.add_argument("--list", action="store_true", help="list the workloads")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(workloads.found())
    if unknown:
        parser.error(f"no workload is called {', '.join(sorted(unknown))}; see --list")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def python(module: str, *arguments: str) -> str:
    """What a module prints, run on the CPU unless the environment says otherwise."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    defaults = {"JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**defaults, **os.environ, "PYTHONPATH": path},
    )
    return done.stdout.splitlines()[-1]


def as_json(facts: dict[str, str], rates: Rates, measured: list[Measured]) -> str:
    """All that was measured."""
    found = [
        {
            **asdict(each),
            "ratios": {peer: each.ratio(peer) for peer in each.goals},
            "faults": each.faults(),
            "floor_seconds": each.floor.seconds(rates),
        }
        for each in measured
    ]
    return json.dumps({"facts": facts, "rates": asdict(rates), "workloads": found}, indent=2)


if __name__ == "__main__":
    sys.exit(main())
