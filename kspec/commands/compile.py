"""Commands that show what the compiler makes of a spec."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kspec.commands.common import (
    ALLOW,
    JSON,
    SETS,
    TRAIN,
    build_folder,
    compile_spec,
    find_spec,
    reports,
)


@click.command("compile")
@click.argument("spec", required=False)
@click.option("-o", "out", type=click.Path(file_okay=False), help="Where to write the program.")
@SETS
@TRAIN
@ALLOW
@reports
def compile_command(
    spec: str | None, out: str | None, sets: dict[str, str], train: str | None, allow_extern: bool
) -> None:
    """Compile SPEC to readable Python, in build/NAME beside it."""
    from kspec.build import write_build

    path = find_spec(spec, "compile")
    program = compile_spec(path, sets, train, allow_extern=allow_extern)
    folder = Path(out) if out else build_folder(path, train)
    write_build(program, path, folder)
    click.echo(f"compiled {path.as_posix()} to {(folder / 'model.py').as_posix()}", err=True)


@click.command()
@click.argument("spec", required=False)
@click.option("--after", metavar="PASS", help="Show the IR after this pass.")
@click.option("--all", "every", is_flag=True, help="Show the IR after every pass.")
@click.option("--spans", is_flag=True, help="Show each op's place in the spec.")
@SETS
@TRAIN
@reports
def ir(
    spec: str | None,
    after: str | None,
    every: bool,
    spans: bool,
    sets: dict[str, str],
    train: str | None,
) -> None:
    """Print the IR of SPEC: after all passes, after one, or at every stage."""
    from kspec.ir import show

    program = compile_spec(find_spec(spec, "ir"), sets, train)
    if every:
        for stage in program.compiled.stages.values():
            click.echo(f"# after {stage.name}\n{show(stage.module, spans=spans)}")
    elif after:
        program.ir(after)  # reports a name that is none
        click.echo(show(program.compiled.stages[after].module, spans=spans), nl=False)
    else:
        click.echo(show(program.compiled.module, spans=spans), nl=False)


@click.command()
@click.argument("spec", required=False)
@click.option("--resolved", is_flag=True, help="Every argument and setting with its origin.")
@SETS
@TRAIN
@JSON
@reports
def show(
    spec: str | None,
    resolved: bool,
    sets: dict[str, str],
    as_json: bool,
    train: str | None,
) -> None:
    """Print SPEC with its settings written out, or every value with where it comes from."""
    from kspec.origins import as_lines, origins
    from kspec.syntax import print_spec

    program = compile_spec(find_spec(spec, "show"), sets, train)
    if not resolved and not as_json:
        click.echo(print_spec(program.compiled.program.spec), nl=False)
        return
    found = origins(program.compiled)
    if as_json:
        click.echo(json.dumps([each.as_record() for each in found], indent=2))
    else:
        click.echo("\n".join(as_lines(found)))


@click.command()
@click.argument("spec", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(("svg", "dot", "mermaid")),
    default="svg",
    show_default=True,
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many blocks, shared pipelines and loops inside each other are opened.",
)
@click.option("--expand", is_flag=True, help="Open all of them: draw every layer.")
@click.option("-o", "out", type=click.Path(dir_okay=False), help="A file instead of stdout.")
@SETS
@TRAIN
@reports
def graph(
    spec: str | None,
    form: str,
    depth: int,
    expand: bool,
    out: str | None,
    sets: dict[str, str],
    train: str | None,
) -> None:
    """Draw the model of SPEC, with the shapes on its arrows.

    A block, a shared pipeline and a loop is one box each, until it is opened.
    """
    from kspec.files import write_text
    from kspec.graph import DEEPEST, dot, draw, graph_of, mermaid

    program = compile_spec(find_spec(spec, "graph"), sets, train)
    elaborated = program.compiled.program
    made = graph_of(elaborated.module, elaborated.parts, DEEPEST if expand else depth)
    text = {"svg": draw, "dot": dot, "mermaid": mermaid}[form](made)
    if out:
        write_text(Path(out), text)
        click.echo(f"wrote {out}", err=True)
    else:
        click.echo(text, nl=not text.endswith("\n"))


@click.command()
@click.argument("before")
@click.argument("after")
@JSON
@reports
def diff(before: str, after: str, as_json: bool) -> None:
    """Say what changed in meaning from BEFORE to AFTER: exit code 0, whatever it is."""
    from dataclasses import asdict

    from kspec.compare import as_text, compare

    old, new = (compile_spec(Path(each), {}).compiled.program for each in (before, after))
    changes = compare(old, new)
    if as_json:
        click.echo(json.dumps([asdict(change) for change in changes], indent=2))
    else:
        click.echo(as_text(changes) if changes else "no change in meaning")
