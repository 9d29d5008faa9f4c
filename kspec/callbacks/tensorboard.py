"""Event files that TensorBoard shows."""

from __future__ import annotations

import re
from typing import ClassVar, Final, final

from kspec.callbacks.base import Callback, arg, callback

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TAKEN: Final = ("checkpoints", "imports")  # folders that a run has


@final
@callback("tensorboard")
class TensorBoard(Callback):
    """Write the numbers of each epoch for TensorBoard, into a folder of the run folder.

    Tags are those of Keras' TensorBoard: `epoch_loss` in the folders `train` and `validation`.
    A run that goes on after a stop goes on with them; no epoch is shown twice.
    """

    in_phases: ClassVar[bool] = False
    line: ClassVar[str] = "tensorboard { }"

    log_dir: str = arg(default="logs", doc="The folder's name in the run folder.")

    def check(self) -> str | None:
        """A plain name."""
        if not _NAME.fullmatch(self.log_dir) or self.log_dir in _TAKEN:
            return 'log_dir must be a plain name such as "logs", and no folder that a run has'
        return None
