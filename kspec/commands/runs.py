"""Commands that look at runs: a list of them, and what differs between some."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kspec.commands.common import JSON, RUNS, reports


@click.command("runs")
@click.argument("folder", default="runs", type=click.Path(path_type=Path))
@JSON
@reports
def runs(folder: Path, as_json: bool) -> None:
    """List the runs below FOLDER, newest first: `runs` where none is named."""
    from kspec.runtime.runs import as_text, list_runs

    found = list_runs(folder)
    if as_json:
        click.echo(json.dumps([each.as_record() for each in found], indent=2))
    elif found:
        click.echo(as_text(found))
    else:
        click.echo(f"there are no runs below {folder.as_posix()}", err=True)


@click.command()
@RUNS
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write an HTML page with the curves of all runs side by side.",
)
@JSON
@reports
def compare(folders: tuple[str, ...], report: str | None, as_json: bool) -> None:
    """Show what differs between runs, and their metrics, the better ones with a star."""
    from kspec.files import write_text
    from kspec.runtime.versus import as_page, as_record, as_text, read_compared

    if len(folders) < 2:
        raise click.UsageError("name two runs or more")
    read = [read_compared(Path(each)) for each in folders]
    click.echo(json.dumps(as_record(read), indent=2) if as_json else as_text(read))
    if report:
        write_text(Path(report), as_page(read))
        click.echo(f"wrote {report}", err=True)
