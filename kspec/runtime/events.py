"""`tensorboard`: event files in the run folder, by tensorboardX."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from kspec.callbacks.tensorboard import TensorBoard
from kspec.data.extras import need
from kspec.files import writing
from kspec.runtime.rates import flat_rates

Record = Mapping[str, Any]


class Events:
    """The event files of a run.

    Args:
        folder: The run folder.
        section: What the spec says.
        history: The epochs so far, which are in the files of the process that trained them.

    Raises:
        SpecError: tensorboardX is not installed.
    """

    def __init__(self, folder: Path, section: TensorBoard, history: Sequence[Record]) -> None:
        self.folder = folder / section.log_dir
        self._library = _library()
        self._writers: dict[str, Any] = {}
        self._first = len(history) + 1

    def add(self, record: Record) -> None:
        """Write the numbers of an epoch, which is the step that TensorBoard shows."""
        for split in ("train", "validation"):
            if split in record:
                scores = {**record[split], **(flat_rates(record) if split == "train" else {})}
                self._add(split, record["epoch"], scores)

    def _add(self, split: str, epoch: int, scores: Mapping[str, Any]) -> None:
        with writing(self.folder):
            writer = self._writer(split)
            for name, score in scores.items():
                if isinstance(score, list):
                    for number, value in enumerate(cast("list[float]", score)):
                        writer.add_scalar(f"epoch_{name}_{number}", value, epoch)
                else:
                    writer.add_scalar(f"epoch_{name}", score, epoch)
            writer.flush()

    def _writer(self, split: str) -> Any:
        """The file of a split. What another process wrote of these epochs or later ones is void."""
        if split not in self._writers:
            place = str(self.folder / split)
            suffix = f".{time.time_ns()}"  # a file of its own, however soon a run goes on
            self._writers[split] = self._library.SummaryWriter(
                place, purge_step=self._first, filename_suffix=suffix
            )
        return self._writers[split]

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return need("tensorboardX", "tensorboardX", "tensorboard", "`tensorboard`")
