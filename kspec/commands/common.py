"""What the commands share: options, the way to a spec, and how mistakes are shown."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import click

from kspec.diagnostics import SpecError
from kspec.diagnostics.formats import show

if TYPE_CHECKING:
    from kspec.api import Program
    from kspec.compiler import Imports

STARTED = time.perf_counter()
P = ParamSpec("P")
INTERRUPTED = 130
DIVERGED = 4


def is_colored() -> bool:
    """Whether messages are painted: on a terminal, unless NO_COLOR is set."""
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ


def fail(error: SpecError) -> NoReturn:
    """Show mistakes, and end with the exit code that they have."""
    from kspec.diagnostics.errors import Diverged

    click.echo(error.render(color=is_colored()), err=True, color=is_colored())
    diverged = any(isinstance(d, Diverged) for d in error.diagnostics)
    if not diverged:
        click.echo(f"\n{counted(len(error.diagnostics), 'error')}", err=True)
    sys.exit(DIVERGED if diverged else 1)


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def reports(command: Callable[P, None]) -> Callable[P, None]:
    """Show mistakes as diagnostics, and end with the exit code that they have."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except SpecError as error:
            fail(error)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            sys.stderr.close()  # nobody reads any more
            sys.exit(1)

    return run


def _pairs(
    context: click.Context, option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, str]:
    """`--set NAME=VALUE` options as a mapping."""
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", context, option)
    pairs = (text.partition("=") for text in texts)
    return {name.strip(): value for name, _, value in pairs}


SETS = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="Give a param or setting a value.",
)
TRAIN = click.option("--train", metavar="NAME", help="The train block, where there are several.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")


def find_spec(name: str | None, command: str) -> Path:
    """The named spec, or the only one of the current folder."""
    from kspec.diagnostics.errors import SpecMissing

    if name is not None:
        return Path(name)
    specs = sorted(Path().glob("*.kspec"))
    if len(specs) == 1:
        return specs[0]
    shown = ", ".join(spec.name for spec in specs)
    found = f"there are {shown}" if specs else "there is none in this folder"
    raise SpecError((SpecMissing(span=None, found=found, command=command),))


def compile_spec(
    spec: Path, sets: dict[str, str], train: str | None = None, *, imports: Imports | None = None
) -> Program:
    """Compile a spec, and show what is odd in it. Raises SpecError.

    With `imports` all of it is checked, nothing is shown, and no train block need be named.
    """
    from kspec.api import Program, Written, one_training, overrides
    from kspec.compiler import Imports, compile_source, read_source

    values = {name: Written(text) for name, text in sets.items()}
    files = imports or Imports(spec.parent)
    compiled = compile_source(read_source(spec), overrides(values), files, train)
    program = Program(compiled, spec.parent)
    if imports is None:
        one_training(compiled, train)
        show_warnings(program)
    return program


def show_warnings(program: Program) -> None:
    """Show what is odd in a program, on stderr."""
    if program.compiled.warnings:
        text = show(program.compiled.warnings, "full", color=is_colored())
        click.echo(text + "\n", err=True, color=is_colored())


def build_folder(spec: Path, train: str | None = None) -> Path:
    """Where the compiled program of a spec is kept."""
    return spec.parent / "build" / (f"{spec.stem}-{train}" if train else spec.stem)
