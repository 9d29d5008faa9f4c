"""`kspec plan`: what a spec takes, before it is run."""

from __future__ import annotations

import json

import click

from kspec.commands.common import JSON, SETS, TRAIN, compile_spec, find_spec, reports


@click.command()
@click.argument("spec", required=False)
@click.option(
    "--batch", type=click.IntRange(min=1), help="Examples in a batch; the spec's by default."
)
@click.option("--measure", is_flag=True, help="Compile with XLA, and show what it says, too.")
@SETS
@TRAIN
@JSON
@reports
def plan(
    spec: str | None,
    batch: int | None,
    measure: bool,
    sets: dict[str, str],
    train: str | None,
    as_json: bool,
) -> None:
    """Say how much memory and work training SPEC takes, part by part and in total."""
    from kspec.resources import as_record, as_text, resources

    program = compile_spec(find_spec(spec, "plan"), sets, train)
    found = resources(program.compiled, batch)
    record, text = as_record(found), as_text(found)
    if measure:
        from kspec.runtime import measure as xla

        measured = xla.measure(program.compiled, batch)
        record["measured"] = xla.as_records(measured)
        text += "\n\n" + xla.as_text(measured, found.phases)
    click.echo(json.dumps(record, indent=2) if as_json else text)
