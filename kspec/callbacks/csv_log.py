"""A table of the epochs, beside `metrics.jsonl`."""

from __future__ import annotations

import re
from typing import ClassVar, Final, final

from kspec.callbacks.base import Callback, arg, callback

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(csv|tsv|txt|log)")


@final
@callback("csv_log")
class CSVLog(Callback):
    """Write the numbers of each epoch to a table in the run folder, a line an epoch.

    Keras calls it CSVLogger. A run that goes on after a stop goes on with the table; no epoch is
    in it twice.
    """

    in_phases: ClassVar[bool] = False
    line: ClassVar[str] = 'csv_log { file = "log.csv" }'

    file: str = arg(default="log.csv", doc="Its name in the run folder.")
    separator: str = arg(default=",", doc="What stands between two cells.")

    def check(self) -> str | None:
        """A plain name, and a separator that no number has in it."""
        if not _NAME.fullmatch(self.file):
            return (
                'file must be a name such as "log.csv": letters, digits, .csv, .tsv, .txt or .log'
            )
        if self.separator not in (",", ";", "\t", "|"):
            return "separator must be a comma, a semicolon, a tab or `|`"
        return None
