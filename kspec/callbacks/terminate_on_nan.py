"""End training at an update that would leave no numbers, before it is made."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.callbacks.base import Callback, arg, callback


@final
@callback("terminate_on_nan")
class TerminateOnNaN(Callback):
    """Take back an update after which the loss or the state has inf or nan, and end training.

    Keras calls it TerminateOnNaN, and ends when such updates have been made. Here the weights are
    those before the update, and the report names the first line of the spec that gives no number.
    """

    line: ClassVar[str] = "terminate_on_nan { skip = 10 }"

    skip: int = arg(
        default=0, doc="How many such updates in a row are left out before training ends."
    )

    def check(self) -> str | None:
        """A count."""
        return None if self.skip >= 0 else f"skip must not be negative, not {self.skip}"
