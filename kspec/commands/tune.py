"""`kspec tune`: time the ways in which a spec can be compiled, and remember the fastest."""

from __future__ import annotations

import json

import click

from kspec.commands.common import ALLOW, JSON, QUIET, SETS, TRAIN, compile_spec, find_spec, reports
from kspec.diagnostics import SpecError


@click.command()
@click.argument("spec", required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=5,
    show_default=True,
    help="How long two programs take turns; more on a machine that has other work.",
)
@SETS
@TRAIN
@ALLOW
@QUIET
@JSON
@reports
def tune(
    spec: str | None,
    seconds: float,
    sets: dict[str, str],
    train: str | None,
    allow_extern: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Time the kernels that SPEC can have in its training step on this machine; keep the fastest.

    `kspec compile` and `kspec run` then use them here. Runs that began go on as they began.
    """
    from kspec import tuned
    from kspec.diagnostics.errors import NoTrainBlock
    from kspec.planning import make_plan
    from kspec.runtime import externs
    from kspec.runtime.programs import remember_programs
    from kspec.runtime.tune import Steps
    from kspec.runtime.tune import tune as tune_module

    path = find_spec(spec, "tune")
    program = compile_spec(path, sets, train, allow_extern=allow_extern)
    module = program.compiled.program.module
    if module.train is None:
        raise SpecError((NoTrainBlock(span=None, spec=path.name),))
    remember_programs()
    functions = externs.load(program.bundle()) if program.compiled.program.externs else None
    race = Steps(path.name, make_plan(program.compiled).phases, functions, seconds)

    def say(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    found = tune_module(module, path.name, race, say)
    click.echo(json.dumps(found.as_record(), indent=2) if as_json else found.as_text())
    if found.timed:
        file = tuned.remember(found.choices, found.seconds, found.device)
        if file is not None:
            click.echo(f"kept in {file.as_posix()}", err=True)
