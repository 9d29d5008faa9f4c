"""`python -m tests.oracle --count 200 --seed 1`: compare the executors of many specs."""

from __future__ import annotations

import argparse
import os
import sys

from tests.xla import hurry


def main() -> int:
    """1 where executors disagree, or a spec is refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="how many specs")
    parser.add_argument("--seed", type=int, default=0, help="other specs for another seed")
    parser.add_argument("--after", type=int, default=0, help="how many specs to leave out first")
    parser.add_argument("--quiet", action="store_true", help="print the summary only")
    given = parser.parse_args()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    hurry()
    from tests.oracle.check import run

    told = (lambda text: None) if given.quiet else (lambda text: print(text, flush=True))
    summary = run(given.count, given.seed, told, given.after)
    print(summary)
    return 1 if summary.failed or summary.invalid else 0


sys.exit(main())
