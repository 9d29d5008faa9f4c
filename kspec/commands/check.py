"""Commands about a spec's text: is it right, what do its mistakes mean, how is it laid out."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kspec.commands.common import SETS, compile_spec, counted, find_spec, is_colored, reports
from kspec.diagnostics import SpecError
from kspec.diagnostics.formats import FORMATS, show

if TYPE_CHECKING:
    from kspec.compiler import Imports
    from kspec.diagnostics import Diagnostic
    from kspec.elaborate.values import Extern

POLL = 0.3  # seconds between two looks at a watched file


@click.command()
@click.argument("spec", required=False)
@SETS
@click.option("--format", "form", type=click.Choice(FORMATS), default="full", show_default=True)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes.")
@reports
def check(spec: str | None, sets: dict[str, str], form: str, watch: bool) -> None:
    """Find every mistake in SPEC without running it."""
    from kspec.compiler import Imports
    from kspec.files import stamp

    path = find_spec(spec, "check")
    if not watch:
        if not _check(path, sets, form, Imports(path.parent)):
            sys.exit(1)
        return
    while True:
        imports = Imports(path.parent)
        before = stamp(path)  # before reading, so that no change is missed
        click.clear()
        _check(path, sets, form, imports)
        seen = {path: before, **imports.asked}
        while all(stamp(file) == was for file, was in seen.items()):
            time.sleep(POLL)


def _check(path: Path, sets: dict[str, str], form: str, imports: Imports) -> bool:
    """Show what is wrong or odd; whether nothing is wrong."""
    found: tuple[Diagnostic, ...] = ()
    errors = 0
    count = 0
    externs: tuple[Extern, ...] = ()
    try:
        program = compile_spec(path, sets, imports=imports)
        found = program.compiled.warnings
        externs = program.compiled.program.externs
        count = sum(weight.size for weight in program.compiled.program.module.weights)
    except SpecError as error:
        found = error.diagnostics
        errors = len(found)
    for extern in externs:
        click.echo(_note(extern), err=True)
    if form != "full":  # for a program to read
        text = show(found, form)
        click.echo(text, nl=bool(text))
        return not errors
    if found:
        click.echo(show(found, form, color=is_colored()) + "\n", err=True, color=is_colored())
    if errors:
        click.echo(counted(errors, "error"), err=True)
    else:
        but = f"; {counted(len(found), 'warning')}" if found else ""
        click.echo(f"{path.as_posix()} is fine: {count:,} weights{but}", err=True)
    return not errors


def _note(extern: Extern) -> str:
    """What a spec takes from Python."""
    at, file = extern.declared, extern.script
    place = f"{at.source.name}:{at.line}"
    return f"note: {place}: `{extern.name}` is Python of `{file.path}`, sha256 {file.sha256}"


@click.command()
@click.argument("specs", nargs=-1, metavar="[SPEC]...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if it would.")
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@reports
def fmt(specs: tuple[str, ...], only_check: bool, diff: bool) -> None:
    """Lay specs out: all of the current folder by default; `-` is stdin to stdout."""
    import difflib

    from kspec.files import write_text
    from kspec.sources import read_source
    from kspec.syntax.format import format_text

    if specs == ("-",):
        click.echo(format_text(sys.stdin.read(), "<stdin>"), nl=False)
        return
    paths = [Path(spec) for spec in specs] or sorted(Path().glob("*.kspec"))
    if not paths:
        paths = [find_spec(None, "fmt")]
    changed = 0
    for path in paths:
        name = path.as_posix()
        text = read_source(path).text
        formatted = format_text(text, name)
        if formatted == text:
            continue
        changed += 1
        if diff:
            lines = difflib.unified_diff(
                text.splitlines(), formatted.splitlines(), name, name, lineterm=""
            )
            click.echo("\n".join(lines))
        elif not only_check:
            write_text(path, formatted)
        click.echo(f"{'would change' if diff or only_check else 'changed'} {name}", err=True)
    click.echo(f"{len(paths) - changed} of {len(paths)} as they should be", err=True)
    if changed and (only_check or diff):
        sys.exit(1)
