"""What asks a run to stop: the first signal is heard at the next dispatch, a second one ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

# Ctrl-C; what schedulers and `kill` send; the end of a terminal or connection.
ASKING: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stop:
    """Whether the run is to stop.

    Attributes:
        number: Of the signal that asked for it; None until then.
        why: What else did.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.why = ""

    def __bool__(self) -> bool:
        return self.number is not None or bool(self.why)

    @property
    def exit_code(self) -> int:
        """What a shell gives for a process that the signal ended."""
        return 128 + (self.number or signal.SIGINT)


@contextmanager
def asking(signals: tuple[signal.Signals, ...] = ASKING, *, alone: bool = True) -> Generator[Stop]:
    """Turn the first signal into a request; what is ignored, as by `nohup`, stays ignored.

    Args:
        signals: Which ones.
        alone: Whether the process is ours: a second signal then ends it at once. Else it does
            what it did before.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.number = number
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if alone else handler)

    before = {
        each: signal.signal(each, ask)
        for each in signals
        if signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
