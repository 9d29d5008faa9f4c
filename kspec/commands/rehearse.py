"""`kspec run --smoke` and `--overfit N`: try a training out, and leave nothing behind."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kspec.runtime.bundle import Bundle
    from kspec.runtime.run import Run


def rehearse(bundle: Bundle, few: int | None, quiet: bool, as_json: bool) -> int:
    """Try one batch of everything, or to learn `few` examples.

    Returns:
        The exit code: 0 if it works, 1 if the examples were not learned.

    Raises:
        SpecError: Something does not work.
    """
    from kspec.runtime.compat import quiet_late_callbacks
    from kspec.runtime.programs import remember_programs
    from kspec.runtime.rehearsal import few_examples, one_epoch, overfit
    from kspec.runtime.run import Run

    remember_programs()
    quiet_late_callbacks()
    run = Run(few_examples(bundle) if few else one_epoch(bundle))
    run.require_devices()
    run.load_files()

    def say(text: str) -> None:
        if not quiet and not as_json:
            click.echo(text, err=True)

    if few is None:
        return _smoke(run, say, as_json)
    found = overfit(run, run.dataset(), few, say)
    click.echo(json.dumps(found.as_record()) if as_json else found.as_text())
    return 0 if found.learned else 1


def _smoke(run: Run, say: Callable[[str], None], as_json: bool) -> int:
    from kspec.runtime.loop import Stopwatch
    from kspec.runtime.rehearsal import Step, smoke

    watch = Stopwatch()
    dataset = run.dataset()
    rows = ", ".join(f"{name} {len(split):,}" for name, split in dataset.splits.items())
    steps = [Step("data", rows, watch.seconds())]
    say(steps[0].as_line())
    with tempfile.TemporaryDirectory(prefix="kspec-") as folder:
        steps += smoke(run, dataset, Path(folder) / "checkpoints", say)
    seconds = sum(step.seconds for step in steps)
    if as_json:
        click.echo(json.dumps({"steps": [asdict(step) for step in steps], "seconds": seconds}))
    else:
        click.echo(f"one batch of everything works ({seconds:.1f} s)")
    return 0
