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
    note: ClassVar[str] = (
        "`terminate_on_nan {{ }}` in the train block keeps the weights from before"
    )
    help: ClassVar[str] = "try a smaller learning rate, and check the scale of the inputs"

    loss: str
    step: int
    epoch: int


class NoNumbers(Diagnostic):
    """An update leaves inf or nan. It was taken back: the run is as it was before.

    The step is run again, line by line: inputs, labels and weights first, then the forward
    pass, then the backward pass from the loss on. What is named is the first thing with inf or
    nan. `terminate_on_nan` in the train block asks for this.
    """

    code: ClassVar[str] = "E641"
    title: ClassVar[str] = "step {step} of epoch {epoch} gives no numbers: {what}"
    label: ClassVar[str] = "{place}"
    note: ClassVar[str] = "{fine}"
    help: ClassVar[str] = "{advice}"

    step: int
    epoch: int
    what: str
    place: str
    fine: str
    advice: str


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


class DevicesMissing(Diagnostic):
    """A training is declared for more devices than the machine has.

    A run that was trained on many devices evaluates and predicts on any machine.
    """

    code: ClassVar[str] = "E640"
    title: ClassVar[str] = "this training takes {devices} devices, and this machine has {found}"
    label: ClassVar[str] = "declared here"
    help: ClassVar[str] = "run it with `--set train.devices={found}`, or where there are {devices}"

    devices: int
    found: str


class ExternNotAllowed(Diagnostic):
    """A spec takes a function from a Python file, and nobody has allowed that.

    Such a file can do whatever Python can: read files, start programs, use the network. Read it
    first; `kspec check` shows its hash.
    """

    code: ClassVar[str] = "E617"
    title: ClassVar[str] = "`{path}` would run: it is Python, and can do anything"
    label: ClassVar[str] = "`{name}` comes from there"
    help: ClassVar[str] = "read it, then allow it: `--allow-extern`, or `allow_extern=True`"

    path: str
    name: str


class ExternChanged(Diagnostic):
    """A Python file of a run or of a compiled program is not the one that was allowed.

    A run goes on with the code that it began with.
    """

    code: ClassVar[str] = "E618"
    title: ClassVar[str] = "`{file}`, a copy of `{path}`, {what}"
    label: ClassVar[str] = "`{name}` comes from there"
    help: ClassVar[str] = "put the file back as it was, or compile and run the spec anew"

    file: str
    path: str
    name: str
    what: str


class ExternFailed(Diagnostic):
    """A function of a Python file fails, or does not give what the spec declares."""

    code: ClassVar[str] = "E619"
    title: ClassVar[str] = "`{name}` of `{path}` {what}"
    label: ClassVar[str] = "declared as {type}"
    note: ClassVar[str] = "{reason}"

    name: str
    path: str
    what: str
    type: str
    reason: str = ""
