"""Commands that train, and that use what was trained."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kspec.commands.common import (
    ALLOW,
    JSON,
    QUIET,
    RUN,
    SETS,
    STARTED,
    TRAIN,
    build_folder,
    compile_spec,
    end_at_once,
    find_spec,
    reports,
)
from kspec.commands.rehearse import rehearse
from kspec.diagnostics import SpecError
from kspec.garbage import collect_as_usual

if TYPE_CHECKING:
    from kspec.data.dataset import Dataset
    from kspec.runtime.bundle import Bundle
    from kspec.runtime.evaluation import Evaluation
    from kspec.runtime.loop import Score
    from kspec.runtime.run import Run

INPUTS = ".npz, .npy, .csv, an image, or a folder of images"


@click.command()
@click.argument("target", required=False, metavar="[SPEC | DIR]")
@SETS
@TRAIN
@click.option("--smoke", is_flag=True, help="Try one batch of everything, and leave nothing.")
@click.option(
    "--overfit",
    "few",
    type=click.IntRange(min=1),
    metavar="N",
    help="Try whether the model can learn N examples, and leave nothing.",
)
@ALLOW
@QUIET
@JSON
@reports
def run(
    target: str | None,
    sets: dict[str, str],
    train: str | None,
    smoke: bool,
    few: int | None,
    allow_extern: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train SPEC, or the compiled program in DIR; a spec that has changed is compiled."""
    if smoke and few:
        raise click.UsageError("--smoke and --overfit are two things to try: give one")
    end_at_once()
    bundle, spec = _program(target, sets, train, allow_extern)
    from kspec.runtime.folder import cut_short, new_run_folder, write_bundle
    from kspec.runtime.lock import locked
    from kspec.runtime.programs import remember_programs
    from kspec.runtime.run import Run

    if smoke or few:
        sys.exit(rehearse(bundle, few, quiet, as_json))
    remember_programs()
    started = Run(bundle)
    started.require_devices()
    started.load_files()
    dataset = started.dataset()
    for note in cut_short(bundle.plan.spec):
        click.echo(note, err=True)
    folder = new_run_folder(bundle.plan.spec)
    with locked(folder):
        write_bundle(bundle, folder)
        _train(started, dataset, folder, quiet, as_json, spec)


def _program(
    target: str | None, sets: dict[str, str], train: str | None, allow_extern: bool
) -> tuple[Bundle, dict[str, Any] | None]:
    """The program of a spec or a compiled folder, and what a run folder says of the spec."""
    from kspec.build import bundle_of
    from kspec.diagnostics.errors import NoTrainBlock

    spec: dict[str, Any] | None = None
    if target is not None and Path(target).is_dir():
        bundle = bundle_of(Path(target), allow_extern=allow_extern)
    else:
        path = find_spec(target, "run")
        spec = {"path": str(path.absolute()), "set": sets, "train": train}
        folder = build_folder(path, train)
        bundle = bundle_of(
            folder,
            path,
            lambda: compile_spec(path, sets, train, allow_extern=allow_extern),
            changed=bool(sets),
            allow_extern=allow_extern,
        )
    if not bundle.plan.trains:
        raise SpecError((NoTrainBlock(span=None, spec=bundle.plan.spec),))
    return bundle, spec


@click.command()
@RUN
@click.option(
    "--allow-change",
    "change",
    flag_value="allow",
    help="Take over other epochs, `checkpoint` and `stop` sections of a spec that has changed.",
)
@click.option(
    "--ignore-change",
    "change",
    flag_value="ignore",
    help="Go on with the spec that the run began with, whatever has become of it.",
)
@ALLOW
@QUIET
@JSON
@reports
def resume(folder: str, change: str | None, allow_extern: bool, quiet: bool, as_json: bool) -> None:
    """Go on with a run that was stopped, from its newest checkpoint that is whole."""
    end_at_once()
    from kspec.commands.changes import take_changes
    from kspec.runtime.folder import open_run, read_run
    from kspec.runtime.lock import locked
    from kspec.runtime.programs import remember_programs

    path = Path(folder)
    read_run(path)
    with locked(path):
        if change != "ignore":
            take_changes(path, allowed=change == "allow", allow_extern=allow_extern)
        remember_programs()
        stopped = open_run(path, goes_on=True, allow_extern=allow_extern)
        _train(stopped, stopped.dataset(), path, quiet, as_json)


def _train(
    started: Any,
    dataset: Any,
    folder: Path,
    quiet: bool,
    as_json: bool,
    spec: dict[str, Any] | None = None,
) -> None:
    from kspec.runtime.compat import quiet_late_callbacks
    from kspec.runtime.progress import choose
    from kspec.runtime.train import Training

    quiet_late_callbacks()
    progress = choose(quiet, sys.stderr)
    progress.say(f"run folder: {folder.as_posix()}")
    training = Training(started, folder, progress, STARTED, spec)
    collect_as_usual()
    summary = training.train(dataset)
    if as_json:
        click.echo(json.dumps(summary))
    else:
        _say(summary["metrics"])
        click.echo(f"run folder: {folder.as_posix()}")
    if summary["status"] != "finished":
        click.echo(f"stopped; to go on: kspec resume {folder.as_posix()}", err=True)
    if summary["status"] == "interrupted":
        sys.exit(training.stop.exit_code)


def _say(metrics: Mapping[str, Mapping[str, Score]]) -> None:
    """A line a split; on a terminal, more where it is too narrow for them."""
    from kspec.runtime.view import as_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for split, scores in metrics.items():
        for line in as_lines(split, scores, width):
            click.echo(line)


@click.command("eval")
@RUN
@click.option(
    "--report",
    is_flag=True,
    help="Show what the model makes of each class, and write it into RUN/report.html, too.",
)
@ALLOW
@JSON
@reports
def evaluate(folder: str, report: bool, allow_extern: bool, as_json: bool) -> None:
    """Print the loss and the metrics of RUN on every split of its data."""
    from kspec.runtime.folder import open_run
    from kspec.runtime.programs import remember_programs

    remember_programs()
    loaded = open_run(Path(folder), allow_extern=allow_extern)
    dataset = loaded.dataset()
    metrics = loaded.evaluate_splits(dataset)
    found = _report(loaded, dataset, Path(folder)) if report else None
    if as_json:
        classes = {"classes": found.as_record() if found else None} if report else {}
        click.echo(json.dumps({"run": folder, "metrics": metrics, **classes}))
        return
    _say(metrics)
    if found is not None:
        from kspec.runtime.classes_page import as_text

        click.echo(f"\n{as_text(found)}")


def _report(loaded: Run, dataset: Dataset, folder: Path) -> Evaluation | None:
    """Write the report of a run anew, with its classes. Raises SpecError."""
    from kspec.files import write_text
    from kspec.runtime.evaluation import evaluate_classes
    from kspec.runtime.folder import read_run
    from kspec.runtime.report import render_report, report_of

    found = evaluate_classes(loaded, dataset)
    if found is None:
        text = "no classes to report on: that needs a crossentropy of one label an example as the"
        click.echo(f"{text} loss, and a validation or test split", err=True)
    path = folder / "report.html"
    report = report_of(loaded, folder, read_run(folder), dataset, found, at_once=False)
    write_text(path, render_report(report))
    click.echo(f"wrote {path.as_posix()}", err=True)
    return found


@click.command()
@RUN
@click.option(
    "--input",
    "source",
    required=True,
    metavar="FILE",
    help=".npz, .npy, .csv, an image or a folder of images",
)
@click.option("--output", "target", metavar="FILE", help=".npz, .csv or .jsonl; else stdout")
@ALLOW
@reports
def predict(folder: str, source: str, target: str | None, allow_extern: bool) -> None:
    """Predict with RUN for the examples in a file, one line or row an example."""
    from kspec.runtime.folder import open_run
    from kspec.runtime.predict import read_inputs, write_outputs
    from kspec.runtime.programs import remember_programs

    remember_programs()
    loaded = open_run(Path(folder), allow_extern=allow_extern)
    inputs = read_inputs(Path(source), loaded.bundle.plan)
    outputs = loaded.predict(inputs.arrays)
    write_outputs(outputs, loaded, Path(target) if target else None, sys.stdout, inputs.files)
    if target:
        count = len(next(iter(outputs.values()), ()))
        click.echo(f"{count} predictions in {target}", err=True)
