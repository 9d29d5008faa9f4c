"""Commands that train, and that use what was trained."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from kspec.commands.common import (
    INTERRUPTED,
    JSON,
    QUIET,
    SETS,
    STARTED,
    TRAIN,
    build_folder,
    compile_spec,
    find_spec,
    reports,
)
from kspec.diagnostics import SpecError

INPUTS = ".npz, .npy, .csv, an image, or a folder of images"


@click.command()
@click.argument("target", required=False, metavar="[SPEC | DIR]")
@SETS
@TRAIN
@QUIET
@JSON
@reports
def run(
    target: str | None, sets: dict[str, str], train: str | None, quiet: bool, as_json: bool
) -> None:
    """Train SPEC, or the compiled program in DIR; a spec that has changed is compiled."""
    from kspec.build import bundle_of
    from kspec.diagnostics.errors import NoTrainBlock
    from kspec.runtime.folder import new_run_folder, write_bundle
    from kspec.runtime.run import Run

    if target is not None and Path(target).is_dir():
        bundle = bundle_of(Path(target))
    else:
        path = find_spec(target, "run")
        folder = build_folder(path, train)
        bundle = bundle_of(folder, path, lambda: compile_spec(path, sets, train), bool(sets))
    if not bundle.plan.trains:
        raise SpecError((NoTrainBlock(span=None, spec=bundle.plan.spec),))
    started = Run(bundle)
    started.load_files()
    dataset = started.dataset()
    folder = new_run_folder(bundle.plan.spec)
    write_bundle(bundle, folder)
    _train(started, dataset, folder, quiet, as_json)


@click.command()
@click.argument("folder", metavar="RUN")
@QUIET
@JSON
@reports
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


@click.command("eval")
@click.argument("folder", metavar="RUN")
@JSON
@reports
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


@click.command()
@click.argument("folder", metavar="RUN")
@click.option(
    "--input",
    "source",
    required=True,
    metavar="FILE",
    help=".npz, .npy, .csv, an image or a folder of images",
)
@click.option("--output", "target", metavar="FILE", help=".npz, .csv or .jsonl; else stdout")
@reports
def predict(folder: str, source: str, target: str | None) -> None:
    """Predict with RUN for the examples in a file, one line or row an example."""
    from kspec.runtime.folder import open_run
    from kspec.runtime.predict import read_inputs, write_outputs

    loaded = open_run(Path(folder))
    inputs = read_inputs(Path(source), loaded.bundle.plan)
    outputs = loaded.predict(inputs.arrays)
    write_outputs(outputs, loaded, Path(target) if target else None, sys.stdout, inputs.files)
    if target:
        count = len(next(iter(outputs.values()), ()))
        click.echo(f"{count} predictions in {target}", err=True)
