"""E65: runs that cannot go on as they began."""

from __future__ import annotations

from typing import ClassVar

from kspec.diagnostics.core import Diagnostic


class RunLocked(Diagnostic):
    """Another process trains in the run folder, or saves a run there.

    The system takes the lock back when that process ends, however it ends.
    """

    code: ClassVar[str] = "E650"
    title: ClassVar[str] = "`{path}` is in use by {holder}"
    help: ClassVar[str] = "wait until it has ended, or end it: it saves a checkpoint first"

    path: str
    holder: str


class SpecChanged(Diagnostic):
    """The spec of a run is not what the run began with, and the run cannot tell which one is meant.

    With `--allow-change` it goes on with the new one where no weight, batch or update becomes
    another by that: more or fewer epochs, and other `checkpoint` and `stop` sections.
    """

    code: ClassVar[str] = "E651"
    title: ClassVar[str] = "`{spec}` is not what the run began with"
    note: ClassVar[str] = "{changes}"
    help: ClassVar[str] = "{advice}"

    spec: str
    changes: str
    advice: str


class DataChanged(Diagnostic):
    """The data of a run is not what the run began with; on other data it is another run.

    Fields that the run does not read may change.
    """

    code: ClassVar[str] = "E652"
    title: ClassVar[str] = "the data is not what the run began with: {what}"
    label: ClassVar[str] = "read from here"
    help: ClassVar[str] = "put it back as it was, or train anew: `kspec run {spec}`"

    what: str
    spec: str
