"""Train in a run folder: metrics, checkpoints, weights and the report as it goes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from kspec.data.dataset import Dataset
from kspec.diagnostics import SpecError
from kspec.files import write_json, write_text
from kspec.runtime import folder as files
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.executable import Tree
from kspec.runtime.loop import Position, Stopwatch
from kspec.runtime.progress import Progress
from kspec.runtime.report import render_report, report_of
from kspec.runtime.run import Run
from kspec.runtime.trainer import Hooks, Record
from kspec.runtime.watch import Kept
from kspec.runtime.weights import encoded, save_weights


class Training:
    """One `kspec run` or `kspec resume`.

    Args:
        run: The run, new or as a checkpoint left it.
        folder: Its folder; the program is in it already.
        progress: What shows it.
        started: When the command started, on `time.perf_counter`'s clock.
    """

    def __init__(self, run: Run, folder: Path, progress: Progress, started: float) -> None:
        self.run = run
        self.folder = folder
        self.progress = progress
        self.started = started
        self.first_update: float | None = None
        self._saved = (time.monotonic(), int(run.state["step"]), run.position.epoch)

    def train(self, dataset: Dataset) -> dict[str, Any]:
        """Train to the spec's last epoch, or until the user stops it.

        Returns:
            What `--json` prints: folder, status, metrics by split, timing.

        Raises:
            SpecError: The loss is no number any more; checkpoints from before are kept.
        """
        run = self.run
        about = files.about_run(run, "running") | {
            "data_fingerprint": dataset.fingerprint,
            "rows": {name: len(split) for name, split in dataset.splits.items()},
        }
        about["class_names"] = {
            name: list(words) for name, words in dataset.splits["train"].class_names.items()
        }
        write_json(self.folder / files.RUN, about)
        files.rewrite_history(self.folder, run.history)
        run.learn(dataset)
        files.write_tables(self.folder, run)
        watch = Stopwatch()
        keep = run.watch.checkpoint.keep
        with Checkpoints(self.folder / files.CHECKPOINTS, keep) as checkpoints:
            try:
                self._fit(dataset, checkpoints)
            except SpecError:
                write_json(self.folder / files.RUN, about | {"status": "diverged"})
                raise
            checkpoints.save_now(run.state, run.position, replace=run.replaced)
        training = watch.seconds()
        metrics = self._metrics(dataset)
        summary = {
            "run": self.folder.as_posix(),
            "status": "interrupted" if run.interrupted else "finished",
            "epochs": run.position.epoch,
            "steps": int(run.state["step"]),
            "metrics": metrics,
            "timing": {
                "first_update_s": self.first_update,
                "training_s": round(training, 4),
                "total_s": round(time.perf_counter() - self.started, 4),
            },
        }
        self._finish(about, summary)
        return summary

    def _fit(self, dataset: Dataset, checkpoints: Checkpoints) -> None:
        plan = self.run.bundle.plan
        last = -(-len(dataset.splits["train"]) // plan.batch)

        def save_if_due(state: Tree, position: Position) -> None:
            if self._is_due(int(state["step"]), position.epoch):
                checkpoints.save(state, position)
                self._saved = (time.monotonic(), int(state["step"]), position.epoch)

        def after_dispatch(state: Tree, position: Position) -> None:
            if self.first_update is None:
                self.first_update = round(time.perf_counter() - self.started, 4)
            if position.step < last:  # else the end of the epoch has its checkpoint
                save_if_due(state, position)

        def after_epoch(record: Record, state: Tree, position: Position) -> None:
            files.append_record(self.folder, record)
            save_if_due(state, position)

        def keep(name: str, kept: Kept) -> None:
            files.write_kept(self.folder, name, kept)

        self.run.train(dataset, self.progress, Hooks(after_dispatch, after_epoch, keep))

    def _is_due(self, step: int, epoch: int) -> bool:
        """Whether the time of the next checkpoint has come."""
        every = self.run.watch.checkpoint.every
        seconds, steps, epochs = self._saved
        passed = {"s": time.monotonic() - seconds, "steps": step - steps, "epochs": epoch - epochs}
        return passed[every.unit] >= every.count

    def _metrics(self, dataset: Dataset) -> dict[str, Any]:
        """Train and validation as the last epoch had them, and the other splits now.

        Where the weights were replaced since then, all of them now.
        """
        run = self.run
        if run.interrupted or not run.history:
            return {}
        last = {} if run.replaced else run.history[-1]
        metrics = {name: last[name] for name in ("train", "validation") if name in last}
        rest = {n: s for n, s in dataset.splits.items() if n not in metrics}
        if rest:
            metrics |= run.evaluate_splits(Dataset(rest))
        return metrics

    def _finish(self, about: dict[str, Any], summary: dict[str, Any]) -> None:
        run = self.run
        save_weights({**run.weights, **encoded(run.tables)}, self.folder / files.WEIGHTS)
        about = about | {key: summary[key] for key in ("status", "steps", "metrics", "timing")}
        about["epoch"] = run.position.epoch
        page = render_report(report_of(run, self.folder, about))
        write_text(self.folder / "report.html", page)
        write_json(self.folder / files.RUN, about)
