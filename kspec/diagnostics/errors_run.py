"""E6: runs, their folders, and what is given to them."""

from __future__ import annotations

from typing import ClassVar

from kspec.diagnostics.core import Diagnostic


class RunFolderMissing(Diagnostic):
    """There is no run folder at the path."""

    code: ClassVar[str] = "E601"
    title: ClassVar[str] = "`{path}` is no run folder"
    note: ClassVar[str] = "a run folder holds `run.json`; `kspec run` prints where it makes one"

    path: str


class RunFolderBroken(Diagnostic):
    """A file of a run folder is missing or damaged."""

    code: ClassVar[str] = "E602"
    title: ClassVar[str] = "`{path}` cannot be used: {reason}"

    path: str
    reason: str


class SpecMissing(Diagnostic):
    """No spec was named, and the folder does not have exactly one."""

    code: ClassVar[str] = "E603"
    title: ClassVar[str] = "which spec? {found}"
    help: ClassVar[str] = "name one: `kspec {command} NAME.kspec`"

    found: str
    command: str


class NoTrainBlock(Diagnostic):
    """A spec without a `train` block can predict but not train."""

    code: ClassVar[str] = "E604"
    title: ClassVar[str] = "`{spec}` has no `train` block, so there is nothing to run"
    help: ClassVar[str] = "add `train {{ model = ..., data = ..., loss = ..., optimizer = ... }}`"

    spec: str


class UnknownPass(Diagnostic):
    """`--after` names no pass."""

    code: ClassVar[str] = "E605"
    title: ClassVar[str] = "there is no pass `{name}`"
    note: ClassVar[str] = "the stages are {passes}"

    name: str
    passes: str


class InputFileMismatch(Diagnostic):
    """The file given to `predict` does not have what the model needs."""

    code: ClassVar[str] = "E606"
    title: ClassVar[str] = "`{path}` does not fit the model: {reason}"
    note: ClassVar[str] = "the model needs {inputs}"

    path: str
    reason: str
    inputs: str


class CheckpointMissing(Diagnostic):
    """A run was stopped before its first checkpoint, so nothing can be loaded."""

    code: ClassVar[str] = "E607"
    title: ClassVar[str] = "`{path}` has no checkpoint yet"
    help: ClassVar[str] = "start it again: `kspec run {spec}`"

    path: str
    spec: str


class Diverged(Diagnostic):
    """The loss is no longer a number; training on would only waste time."""

    code: ClassVar[str] = "E608"
    title: ClassVar[str] = "the loss is {loss} after step {step} of epoch {epoch}"
    label: ClassVar[str] = "trained with this"
    help: ClassVar[str] = "try a smaller learning rate, and check the scale of the inputs"

    loss: str
    step: int
    epoch: int


class ForeignCode(Diagnostic):
    """A program has parts that kspec never writes; it was changed, and does not run.

    Every program is looked at before it runs: it may compute, and do nothing else.
    """

    code: ClassVar[str] = "E609"
    title: ClassVar[str] = "`{path}` is no program of kspec: {reason}"
    help: ClassVar[str] = "compile the spec again"

    path: str
    reason: str


class FileUnwritable(Diagnostic):
    """A file or folder cannot be written; what was there before is there still."""

    code: ClassVar[str] = "E610"
    title: ClassVar[str] = "`{path}` cannot be written: {reason}"

    path: str
    reason: str


class WeightsMisfit(Diagnostic):
    """A file that `load` names does not have the weights of that part, or they have other shapes.

    A run writes such a file, `weights.safetensors`; its names are the paths of the weights. In
    files of Keras layers are found by the names that a user gave them, others by their order.
    """

    code: ClassVar[str] = "E611"
    title: ClassVar[str] = "`{path}` does not fit `{part}`: {reason}"
    label: ClassVar[str] = "loaded here"
    help: ClassVar[str] = "load the parts that are the same, and let the others start anew"

    path: str
    part: str
    reason: str


class NothingLearned(Diagnostic):
    """A model whose layers learn a vocabulary from data is used before that."""

    code: ClassVar[str] = "E616"
    title: ClassVar[str] = "this model has no vocabulary yet"
    note: ClassVar[str] = "it is learned from the training split when training begins"
    help: ClassVar[str] = "train it first, or load weights of a run that was trained"
