"""The command line. One command, one function.

Data goes to stdout, messages to stderr. Exit codes: 0 done; 1 mistakes in a spec, its
data or a run folder; 2 wrong use of the command; 4 the loss is no number; 130 stopped
by the user, after a checkpoint.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import click

import kspec
from kspec.diagnostics import SpecError

if TYPE_CHECKING:
    from kspec.api import Program

STARTED = time.perf_counter()
P = ParamSpec("P")
INTERRUPTED = 130
DIVERGED = 4


def _fail(error: SpecError) -> NoReturn:
    from kspec.diagnostics.errors import Diverged

    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    click.echo(error.render(color=color), err=True, color=color)
    diverged = any(isinstance(d, Diverged) for d in error.diagnostics)
    if not diverged:
        count = len(error.diagnostics)
        click.echo(f"\n{count} error{'s' if count > 1 else ''}", err=True)
    sys.exit(DIVERGED if diverged else 1)


def _reports(command: Callable[P, None]) -> Callable[P, None]:
    """Show mistakes as diagnostics, and end with the exit code that they have."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except SpecError as error:
            _fail(error)
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
QUIET = click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(kspec.__version__)
def main() -> None:
    """Compile model specs to JAX programs, and train them.

    In a folder with one spec, `kspec compile` and `kspec run` need no arguments.
    """


def _find_spec(name: str | None, command: str) -> Path:
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


def _compile(spec: Path, sets: dict[str, str]) -> Program:
    from kspec.api import Program, Written, overrides
    from kspec.compiler import compile_source, read_source

    values = {name: Written(text) for name, text in sets.items()}
    return Program(compile_source(read_source(spec), overrides(values)), spec.parent)


def _build_folder(spec: Path) -> Path:
    return spec.parent / "build" / spec.stem


@main.command()
@click.argument("spec", required=False)
@SETS
@_reports
def check(spec: str | None, sets: dict[str, str]) -> None:
    """Find every mistake in SPEC without running it."""
    path = _find_spec(spec, "check")
    program = _compile(path, sets)
    count = sum(weight.size for weight in program.compiled.program.module.weights)
    click.echo(f"{path.as_posix()} is fine: {count:,} weights", err=True)


@main.command("compile")
@click.argument("spec", required=False)
@click.option("-o", "out", type=click.Path(file_okay=False), help="Where to write the program.")
@SETS
@_reports
def compile_command(spec: str | None, out: str | None, sets: dict[str, str]) -> None:
    """Compile SPEC to readable Python, in build/NAME beside it."""
    from kspec.build import write_build

    path = _find_spec(spec, "compile")
    program = _compile(path, sets)
    folder = Path(out) if out else _build_folder(path)
    write_build(program, path, folder)
    click.echo(f"compiled {path.as_posix()} to {(folder / 'model.py').as_posix()}", err=True)


@main.command()
@click.argument("spec", required=False)
@click.option("--after", metavar="PASS", help="Show the IR after this pass.")
@click.option("--all", "every", is_flag=True, help="Show the IR after every pass.")
@click.option("--spans", is_flag=True, help="Show each op's place in the spec.")
@SETS
@_reports
def ir(spec: str | None, after: str | None, every: bool, spans: bool, sets: dict[str, str]) -> None:
    """Print the IR of SPEC: after all passes, after one, or at every stage."""
    from kspec.ir import show

    program = _compile(_find_spec(spec, "ir"), sets)
    if every:
        for name, module in program.compiled.stages.items():
            click.echo(f"# after {name}\n{show(module, spans=spans)}")
    elif after:
        program.ir(after)  # reports a name that is none
        click.echo(show(program.compiled.stages[after], spans=spans), nl=False)
    else:
        click.echo(show(program.compiled.module, spans=spans), nl=False)


@main.command()
@click.argument("target", required=False, metavar="[SPEC | DIR]")
@SETS
@QUIET
@JSON
@_reports
def run(target: str | None, sets: dict[str, str], quiet: bool, as_json: bool) -> None:
    """Train SPEC, or the compiled program in DIR; a spec that has changed is compiled."""
    from kspec.build import bundle_of
    from kspec.diagnostics.errors import NoTrainBlock
    from kspec.runtime.folder import new_run_folder, write_bundle
    from kspec.runtime.run import Run

    if target is not None and Path(target).is_dir():
        bundle = bundle_of(Path(target))
    else:
        path = _find_spec(target, "run")
        bundle = bundle_of(_build_folder(path), path, lambda: _compile(path, sets), bool(sets))
    if not bundle.plan.trains:
        raise SpecError((NoTrainBlock(span=None, spec=bundle.plan.spec),))
    started = Run(bundle)
    dataset = started.dataset()
    folder = new_run_folder(bundle.plan.spec)
    write_bundle(bundle, folder)
    _train(started, dataset, folder, quiet, as_json)


@main.command()
@click.argument("folder", metavar="RUN")
@QUIET
@JSON
@_reports
def resume(folder: str, quiet: bool, as_json: bool) -> None:
    """Go on with a run that was stopped, from its newest checkpoint."""
    from kspec.runtime.folder import open_run

    stopped = open_run(Path(folder), required=False)
    _train(stopped, stopped.dataset(), Path(folder), quiet, as_json)


def _train(started: Any, dataset: Any, folder: Path, quiet: bool, as_json: bool) -> None:
    from kspec.runtime.progress import choose, show_metrics
    from kspec.runtime.train import Training

    progress = choose(quiet, sys.stderr)
    progress.say(f"run folder: {folder.as_posix()}")
    summary = Training(started, folder, progress, STARTED).train(dataset)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        for split, metrics in summary["metrics"].items():
            click.echo(f"{split:<10}  {show_metrics(metrics)}")
        click.echo(f"run folder: {folder.as_posix()}")
    if summary["status"] == "interrupted":
        click.echo(f"stopped; to go on: kspec resume {folder.as_posix()}", err=True)
        sys.exit(INTERRUPTED)


@main.command("eval")
@click.argument("folder", metavar="RUN")
@JSON
@_reports
def evaluate(folder: str, as_json: bool) -> None:
    """Print the loss and the metrics of RUN on every split of its data."""
    from kspec.runtime.folder import open_run
    from kspec.runtime.progress import show_metrics

    metrics = open_run(Path(folder)).evaluate()
    if as_json:
        click.echo(json.dumps({"run": folder, "metrics": metrics}))
        return
    for split, values in metrics.items():
        click.echo(f"{split:<10}  {show_metrics(values)}")


@main.command()
@click.argument("folder", metavar="RUN")
@click.option("--input", "source", required=True, metavar="FILE", help=".npz, .npy or .csv")
@click.option("--output", "target", metavar="FILE", help=".npz, .csv or .jsonl; else stdout")
@_reports
def predict(folder: str, source: str, target: str | None) -> None:
    """Predict with RUN for the examples in a file, one line or row an example."""
    from kspec.runtime.folder import open_run
    from kspec.runtime.predict import read_inputs, write_outputs

    loaded = open_run(Path(folder))
    inputs = read_inputs(Path(source), loaded.bundle.plan)
    outputs = loaded.predict(inputs)
    write_outputs(outputs, loaded, Path(target) if target else None, sys.stdout)
    if target:
        count = len(next(iter(outputs.values()), ()))
        click.echo(f"{count} predictions in {target}", err=True)
