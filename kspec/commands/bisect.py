"""`kspec bisect`: the pass that changes what a spec computes, if one does."""

from __future__ import annotations

import json
import sys

import click

from kspec.commands.common import ALLOW, JSON, SETS, TRAIN, compile_spec, find_spec, reports


@click.command()
@click.argument("spec", required=False)
@click.option(
    "--updates",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many updates of each phase are compared.",
)
@SETS
@TRAIN
@ALLOW
@JSON
@reports
def bisect(
    spec: str | None,
    updates: int,
    sets: dict[str, str],
    train: str | None,
    allow_extern: bool,
    as_json: bool,
) -> None:
    """Find the pass of the compiler that changes what SPEC computes, on random numbers.

    The program without passes is held against the one with one more pass after the other. Exit
    code 1 where one changes more than rounding does.
    """
    from kspec.runtime import bisect as bisection
    from kspec.runtime import externs

    path = find_spec(spec, "bisect")
    program = compile_spec(path, sets, train, allow_extern=allow_extern)
    functions = externs.load(program.bundle()) if program.compiled.program.externs else None
    found = bisection.bisect(
        program.compiled.program.module, path.name, updates=updates, externs=functions
    )
    click.echo(json.dumps(found.as_record(), indent=2) if as_json else found.as_text())
    sys.exit(1 if found.guilty else 0)
