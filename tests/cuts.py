"""Runs that die after some dispatches, and go on from their folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kspec.api import Program
from kspec.runtime.folder import open_run, write_bundle
from kspec.runtime.progress import choose
from kspec.runtime.run import Run
from kspec.runtime.train import Training

Data = Mapping[str, Mapping[str, Any]] | None  # None for what the spec declares


class Cut(Exception):
    """A run that dies."""


def in_folder(run: Run, folder: Path, after: int | None, data: Data = None) -> None:
    """Train in a run folder; die after so many dispatches."""
    training = Training(run, folder, choose(True, sys.stderr), 0.0)
    count = 0
    true = run.train

    def train(dataset: Any, progress: Any, hooks: Any, until: int | None = None) -> None:
        def after_dispatch(state: Any, position: Any, last: bool) -> None:
            nonlocal count
            hooks.after_dispatch(state, position, last)
            count += 1
            if count == after:
                raise Cut

        true(dataset, progress, replace(hooks, after_dispatch=after_dispatch), until)

    run.train = train  # type: ignore[method-assign]
    training.train(run.dataset(data))


def in_parts(
    program: Program,
    folder: Path,
    cuts: Iterable[int],
    data: Data = None,
    died: Callable[[], None] = lambda: None,
) -> Run:
    """The run that a program ends as which dies after so many dispatches, again and again.

    Args:
        program: The program.
        folder: Its run folder, which is made.
        cuts: The dispatches after which it dies, each counted from where it went on.
        data: What it trains on.
        died: Called when it has died, before it goes on.
    """
    write_bundle(program.bundle(), folder)
    run = program.init()
    for cut in (*cuts, None):
        try:
            in_folder(run, folder, cut, data)
        except Cut:
            died()
            run = open_run(folder, goes_on=True)
    return run
