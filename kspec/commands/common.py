"""What the commands share: options, the way to a spec, and how mistakes are shown."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import click
from click.shell_completion import CompletionItem

from kspec.diagnostics import SpecError
from kspec.diagnostics.formats import show

if TYPE_CHECKING:
    from kspec.api import Program
    from kspec.compiler import Imports

STARTED = time.perf_counter()
P = ParamSpec("P")
INTERRUPTED = 130
DIVERGED = 4


def hold_streams() -> None:
    """Put nothing in the place of a standard stream that is closed.

    Else the first file that is opened would get its number, and what libraries print.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which gives the lowest number that is free
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def end_at_once() -> None:
    """Let ctrl-C end the process as SIGTERM does, until training listens to both.

    As an exception it would be lost where a library that is being imported catches it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_colored() -> bool:
    """Whether messages are painted: on a terminal, unless NO_COLOR is set."""
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ


def fail(error: SpecError) -> NoReturn:
    """Show mistakes, and end with the exit code that they have."""
    from kspec.diagnostics.errors import Diverged, NoNumbers

    click.echo(error.render(color=is_colored()), err=True, color=is_colored())
    diverged = any(isinstance(d, (Diverged, NoNumbers)) for d in error.diagnostics)
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


def _runs(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The runs below `runs/`, newest first, for a shell; other folders where none of them fits."""
    from kspec.runtime.runs import list_runs

    found = [each for each in list_runs(Path("runs")) if each.run.startswith(incomplete)]
    items = [CompletionItem(each.run, help=each.status) for each in found]
    return items or [CompletionItem(incomplete, type="dir")]


RUN = click.argument("folder", metavar="RUN", shell_complete=_runs)
RUNS = click.argument(
    "folders", metavar="RUN RUN...", nargs=-1, required=True, shell_complete=_runs
)
SETS = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="Give a param or setting a value.",
)
TRAIN = click.option("--train", metavar="NAME", help="The train block, where there are several.")
ALLOW = click.option(
    "--allow-extern",
    is_flag=True,
    help="Let `extern` functions run: Python, which can do anything.",
)
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
    spec: Path,
    sets: dict[str, str],
    train: str | None = None,
    *,
    imports: Imports | None = None,
    allow_extern: bool | None = None,
) -> Program:
    """Compile a spec, and show what is odd in it. Raises SpecError.

    With `imports` all of it is checked, nothing is shown, and no train block need be named.
    With `allow_extern` it is to run, and functions of Python files must be allowed.
    """
    from kspec.api import Program, Written, allowed, one_training, overrides
    from kspec.compiler import Imports, compile_source
    from kspec.sources import read_source
    from kspec.tuned import read_table

    values = {name: Written(text) for name, text in sets.items()}
    files = imports or Imports(spec.parent)
    table = read_table() if imports is None else None
    compiled = compile_source(read_source(spec), overrides(values), files, train, table)
    if allow_extern is not None:
        allowed(compiled, allow_extern)
    program = Program(compiled, spec.parent, allow_extern or False)
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
