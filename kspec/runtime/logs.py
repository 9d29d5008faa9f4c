"""What a spec asks a run folder to have of the epochs: `csv_log` and `tensorboard`.

A table is a function of the run's history. It is written anew as training begins, so that a
run that goes on after a stop has no line twice, and then grows by a line an epoch.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from kspec.callbacks.csv_log import CSVLog
from kspec.files import write_text, writing
from kspec.runtime.events import Events
from kspec.runtime.rates import flat_rates
from kspec.runtime.watch import Watch

Record = Mapping[str, Any]


class Logs:
    """The logs of a run. Use as a context: leaving closes them.

    Args:
        folder: The run folder.
        watch: What the spec asks for.
        history: The epochs so far.

    Raises:
        SpecError: What writes one is not installed, or it cannot be written.
    """

    def __init__(self, folder: Path, watch: Watch, history: Sequence[Record]) -> None:
        table, board = watch.csv_log, watch.tensorboard
        self._table = None if table is None else Table(folder, table, history)
        self._events = None if board is None else Events(folder, board, history)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._events is not None:
            self._events.close()

    def add(self, history: Sequence[Record]) -> None:
        """Write the last epoch."""
        if self._table is not None:
            self._table.add(history)
        if self._events is not None:
            self._events.add(history[-1])


class Table:
    """The table of a run.

    Args:
        folder: The run folder.
        section: What the spec says.
        history: The epochs so far.
    """

    def __init__(self, folder: Path, section: CSVLog, history: Sequence[Record]) -> None:
        self.path = folder / section.file
        self.separator = section.separator
        self.columns: list[str] = []
        self._write(history)

    def add(self, history: Sequence[Record]) -> None:
        """The line of the last epoch; all lines where it has other columns than those before."""
        cells = cells_of(history[-1])
        if any(name not in self.columns for name in cells):
            self._write(history)
            return
        with writing(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(self._line([cells.get(name, "") for name in self.columns]))

    def _write(self, history: Sequence[Record]) -> None:
        lines = [cells_of(record) for record in history]
        self.columns = list(dict.fromkeys(name for cells in lines for name in cells))
        table = [self.columns, *([cells.get(n, "") for n in self.columns] for cells in lines)]
        write_text(self.path, "".join(map(self._line, table)) if lines else "")

    def _line(self, cells: Sequence[str]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator, lineterminator="\n").writerow(cells)
        return text.getvalue()


def cells_of(record: Record) -> dict[str, str]:
    """The cells of an epoch by column: numbers, and lists of them in brackets.

    None begins with a sign that spreadsheets take for a formula, but for negative numbers.
    """
    scores: dict[str, Any] = {"epoch": record["epoch"]}
    scores |= {"phase": record["phase"]} if "phase" in record else {}
    scores |= record["train"]
    scores |= {f"validation.{name}": v for name, v in record.get("validation", {}).items()}
    scores |= flat_rates(record)
    scores["seconds"] = record["seconds"]
    return {name: v if isinstance(v, str) else json.dumps(v) for name, v in scores.items()}
