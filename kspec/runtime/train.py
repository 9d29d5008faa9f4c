"""Train in a run folder: metrics, checkpoints, weights and the report as it goes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kspec.data.bad_rows import lines_of
from kspec.data.dataset import Dataset
from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import Diverged, NoNumbers
from kspec.diagnostics.render import render
from kspec.files import write_json, write_text
from kspec.runtime import folder as files
from kspec.runtime import history, origin
from kspec.runtime.checkpoint import Checkpoints
from kspec.runtime.environment import peak_memory
from kspec.runtime.evaluation import AT_ONCE, evaluate_classes
from kspec.runtime.executable import Tree
from kspec.runtime.hooks import Hooks, Record
from kspec.runtime.logs import Logs
from kspec.runtime.loop import Position, Stopwatch
from kspec.runtime.progress import Progress
from kspec.runtime.run import Run
from kspec.runtime.signals import Stop, asking
from kspec.runtime.watch import Kept
from kspec.runtime.weights import encoded, save_weights


class Training:
    """One `kspec run` or `kspec resume`.

    Args:
        run: The run, new or as a checkpoint left it.
        folder: Its folder; the program is in it already.
        progress: What shows it.
        started: When the command started, on `time.perf_counter`'s clock.
        spec: Where its spec is and what `--set` and `--train` made of it, for a new run.

    Attributes:
        stop: The signal that asked it to stop, if one did.
    """

    def __init__(
        self,
        run: Run,
        folder: Path,
        progress: Progress,
        started: float,
        spec: Mapping[str, Any] | None = None,
    ) -> None:
        self.run = run
        self.folder = folder
        self.progress = progress
        self.started = started
        self.spec = spec
        self.stop = Stop()
        self.first_update: float | None = None
        self._saved = (time.monotonic(), int(run.state["step"]), run.position.epoch)

    def train(self, dataset: Dataset) -> dict[str, Any]:
        """Train to the spec's last epoch, or until a signal asks it to stop.

        Returns:
            What `--json` prints: folder, status, metrics by split, timing.

        Raises:
            SpecError: The loss is no number any more, the data is not what the run began with,
                or something cannot be written; checkpoints from before are kept.
        """
        with asking() as self.stop:
            return self._train(dataset)

    def _train(self, dataset: Dataset) -> dict[str, Any]:
        run = self.run
        lock = self._begin(dataset)
        about = files.about_run(run, "running") | {
            "data_fingerprint": dataset.fingerprint,
            "rows": {name: len(split) for name, split in dataset.splits.items()},
        }
        about["class_names"] = {
            name: list(words) for name, words in dataset.splits["train"].class_names.items()
        }
        if run.bundle.plan.data is not None and run.bundle.plan.data.skips:
            about["bad_rows"] = len(dataset.bad)
            write_text(self.folder / files.BAD_ROWS, lines_of(dataset.bad))
        write_json(self.folder / files.RUN, about)
        history.rewrite(self.folder, run.history)
        logs = Logs(self.folder, run.watch, run.history)
        run.learn(dataset)
        files.write_tables(self.folder, run)
        watch = Stopwatch()
        keep = run.watch.checkpoint.keep
        folder = self.folder / files.CHECKPOINTS
        with logs, Checkpoints(folder, keep, origin.owner(lock)) as checkpoints:
            checkpoints.begin(run.checkpoint)
            try:
                self._fit(dataset, checkpoints, logs)
            except SpecError as error:
                if any(isinstance(each, NoNumbers) for each in error.diagnostics):
                    notes = {"history": history.mark(self.folder)}
                    checkpoints.save_now(run.state, run.position, notes, replace=True)
                self._fail(about, error)
                raise
            notes = {"history": history.mark(self.folder)}
            checkpoints.save_now(run.state, run.position, notes, replace=run.replaced)
        return self._summary(dataset, about, watch.seconds())

    def _begin(self, dataset: Dataset) -> dict[str, Any]:
        """Write down what the run begins with, or compare it with that."""
        run = self.run
        if not (self.folder / origin.NAME).exists():
            return origin.begin(self.folder, run.id, run.bundle, dataset, self.spec)
        lock = origin.read(self.folder)
        origin.compare_data(lock, run.bundle, dataset)
        for warning in origin.compare_versions(lock):
            self.progress.say(render(warning))
        return lock

    def _fail(self, about: dict[str, Any], error: SpecError) -> None:
        """Say in `run.json` how it ended, if that can still be written."""
        diverged = any(isinstance(d, (Diverged, NoNumbers)) for d in error.diagnostics)
        with suppress(SpecError):
            status = "diverged" if diverged else "failed"
            write_json(self.folder / files.RUN, about | {"status": status})

    def _summary(self, dataset: Dataset, about: dict[str, Any], training: float) -> dict[str, Any]:
        run = self.run
        run.interrupted = run.interrupted or bool(self.stop)
        metrics = self._metrics(dataset)
        summary = {
            "run": self.folder.as_posix(),
            "status": run.ended or ("interrupted" if run.interrupted else "finished"),
            "epochs": run.position.epoch,
            "steps": int(run.state["step"]),
            "metrics": metrics,
            "timing": {
                "first_update_s": self.first_update,
                "training_s": round(training, 4),
                "total_s": round(time.perf_counter() - self.started, 4),
            },
        }
        self._finish(dataset, about, summary)
        return summary

    def _fit(self, dataset: Dataset, checkpoints: Checkpoints, logs: Logs) -> None:
        def save_if_due(state: Tree, position: Position) -> None:
            if self._is_due(int(state["step"]), position.epoch):
                notes = {"history": history.mark(self.folder)}
                checkpoints.save(state, position, notes)
                self._saved = (time.monotonic(), int(state["step"]), position.epoch)

        def after_dispatch(state: Tree, position: Position, last: bool) -> None:
            if self.first_update is None:
                self.first_update = round(time.perf_counter() - self.started, 4)
            if not last:  # else the end of the epoch has its checkpoint
                save_if_due(state, position)

        def after_epoch(record: Record, state: Tree, position: Position) -> None:
            history.append(self.folder, record)
            logs.add(self.run.history)
            save_if_due(state, position)

        def keep(name: str, kept: Kept) -> None:
            files.write_kept(self.folder, name, kept)

        def saves(state: Tree, position: Position) -> bool:
            return self._is_due(int(state["step"]), position.epoch)

        hooks = Hooks(after_dispatch, after_epoch, keep, saves, self.stop)
        self.run.train(dataset, self.progress, hooks)

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

    def _finish(self, dataset: Dataset, about: dict[str, Any], summary: dict[str, Any]) -> None:
        from kspec.runtime.report import render_report, report_of

        run = self.run
        save_weights({**run.weights, **encoded(run.tables)}, self.folder / files.WEIGHTS)
        about = about | {key: summary[key] for key in ("status", "steps", "metrics", "timing")}
        about["epoch"] = run.position.epoch
        about["memory"] = peak_memory()
        skipped = sum(len(record.get("skipped", ())) for record in run.history)
        if skipped:
            about["skipped"] = skipped
        classes = None if run.interrupted else evaluate_classes(run, dataset, AT_ONCE)
        page = render_report(report_of(run, self.folder, about, dataset, classes))
        write_text(self.folder / "report.html", page)
        write_json(self.folder / files.RUN, about)
