"""W: what is odd, but no mistake. `# kspec: allow W101` at the end of its line silences one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from kspec.diagnostics.core import Diagnostic, Severity

__all__ = [
    "BadRowsLeftOut",
    "BestMissing",
    "CheckpointDamaged",
    "DeadBranch",
    "LogitsAsProbabilities",
    "MaskDropped",
    "NoEffect",
    "OtherVersions",
    "PaddingCounted",
    "ProbabilitiesAsLogits",
    "ScheduleUnfinished",
    "StretchedLabels",
    "ThresholdOnScores",
    "TunedUnreadable",
    "UnusedField",
    "UnusedName",
]

_ALLOW = re.compile(r"#\s*kspec:\s*allow\s+(W\d{3}(?:[\s,]+W\d{3})*)\s*$")


def unsilenced(warnings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Without those that their own lines allow, each once, in the order of the text."""
    kept: dict[tuple[object, ...], Diagnostic] = {}
    for warning in warnings:
        span = warning.span
        allowed = span and _ALLOW.search(span.source.lines[span.line - 1])
        if not allowed or warning.code not in allowed[1]:
            kept.setdefault((warning.code, span), warning)
    return tuple(sorted(kept.values(), key=lambda d: d.span.start if d.span else -1))


class Lint(Diagnostic):
    """Base of all warnings."""

    severity: ClassVar[Severity] = "warning"


class UnusedName(Lint):
    """Something is declared that nothing uses. A layer that nothing uses is not trained.

    Wrong: `h = x -> dense(8)` and `output y = x`. Right: `output y = h`.
    """

    code: ClassVar[str] = "W101"
    title: ClassVar[str] = "the {kind} `{name}` is never used"
    label: ClassVar[str] = "declared here"
    help: ClassVar[str] = "delete it, or use it"

    kind: str
    name: str


class UnusedField(Lint):
    """A data field is no input of the model, and neither the loss nor a metric names it."""

    code: ClassVar[str] = "W102"
    title: ClassVar[str] = "the field `{name}` is read, but training does not use it"
    label: ClassVar[str] = "declared here"
    help: ClassVar[str] = "delete it, or name an input `{name}`"

    name: str


class DeadBranch(Lint):
    """A condition has the same value whatever the parameters are. Wrong: `if true { ... }`."""

    code: ClassVar[str] = "W103"
    title: ClassVar[str] = "this condition is always {value}"
    label: ClassVar[str] = "it names no parameter"
    help: ClassVar[str] = "delete the `if` and keep one branch"

    value: str


class ProbabilitiesAsLogits(Lint):
    """A loss with `from_logits=true` gets what softmax or sigmoid made: it would do so again.

    Wrong: `x -> dense(10, softmax)` with `from_logits=true`. Right: `x -> dense(10)`.
    """

    code: ClassVar[str] = "W201"
    title: ClassVar[str] = "`{loss}` takes logits, and gets probabilities"
    label: ClassVar[str] = "`from_logits=true` is given here"
    help: ClassVar[str] = "delete `from_logits=true`, or the {activation}"

    loss: str
    activation: str


class LogitsAsProbabilities(Lint):
    """A crossentropy gets an output without softmax or sigmoid, which may be any number.

    Wrong: `x -> dense(10)` with `sparse_categorical_crossentropy(label, digit)`. Right:
    `x -> dense(10, softmax)`, or `from_logits=true` in the loss.
    """

    code: ClassVar[str] = "W202"
    title: ClassVar[str] = "`{loss}` takes probabilities, and gets any numbers"
    label: ClassVar[str] = "without `from_logits=true`"
    help: ClassVar[str] = "give the output a {activation}, or the loss `from_logits=true`"

    loss: str
    activation: str


class MaskDropped(Lint):
    """A layer gets a mask of time steps and takes no heed of it, nor does what follows.

    In Keras this is a warning at run time. Wrong: `tokens -> embedding(1000, 8,
    mask_zero=true) -> conv1d(4, 3)`, where padding is taken for words.
    """

    code: ClassVar[str] = "W206"
    title: ClassVar[str] = "`{layer}` does not know the mask that it gets"
    label: ClassVar[str] = "padding counts like any other time step from here on"
    help: ClassVar[str] = "write a layer that uses masks, or no mask before it"

    layer: str


class PaddingCounted(Lint):
    """A metric gets a prediction with a mask of time steps, and counts padding, too.

    Keras' metrics that are means, as accuracies are, leave masked steps out; it says nothing of
    the others, which do not.
    """

    code: ClassVar[str] = "W207"
    title: ClassVar[str] = "`{metric}` counts padding like any other time step"
    label: ClassVar[str] = "`{output}` has a mask, which this metric does not know"
    help: ClassVar[str] = "{advice}"

    metric: str
    output: str
    advice: str


class StretchedLabels(Lint):
    """A label of one number meets a prediction of several, and is compared with each of them.

    Wrong: `y : f32[1]` and `output z = x -> dense(3)` with `mean_squared_error(y, z)`. Right:
    `dense(1)`, or `y : f32[3]`.
    """

    code: ClassVar[str] = "W204"
    title: ClassVar[str] = "`{field}` is compared with each part of `{output}`"
    label: ClassVar[str] = "{truth} against {prediction}"
    help: ClassVar[str] = "{advice}"

    field: str
    truth: str
    output: str
    prediction: str
    advice: str


class ThresholdOnScores(Lint):
    """A metric with a threshold for probabilities gets an output without a sigmoid.

    Wrong: `x -> dense(1)` with `binary_accuracy(y, z)`. Right: `x -> dense(1, sigmoid)`, or
    `threshold=0` where the loss has `from_logits=true`.
    """

    code: ClassVar[str] = "W205"
    title: ClassVar[str] = "`{metric}` asks whether a probability is above {threshold}"
    label: ClassVar[str] = "`{output}` may be any number"
    help: ClassVar[str] = (
        "give the output a sigmoid; logits need `threshold=0`, and measurements another metric, "
        "such as `mean_absolute_error`"
    )

    metric: str
    threshold: float
    output: str


class ScheduleUnfinished(Lint):
    """A learning rate schedule has more steps than the run, so that its end is never reached.

    A schedule counts updates, not epochs. What an epoch has is known when the data is there.
    """

    code: ClassVar[str] = "W301"
    title: ClassVar[str] = "the schedule `{schedule}` ends after {end} steps, and gets {steps}"
    label: ClassVar[str] = "its end is never reached"
    note: ClassVar[str] = "the run gives it {epochs} of {each}"
    help: ClassVar[str] = "give it {steps} steps, or train for {enough}"

    schedule: str
    end: str
    steps: str
    epochs: str
    each: str
    enough: str


class NoEffect(Lint):
    """A layer gives back what it gets, or always the same: `dropout(0)`, softmax over one."""

    code: ClassVar[str] = "W203"
    title: ClassVar[str] = "this {what} has no effect"
    label: ClassVar[str] = "{reason}"

    what: str
    reason: str


class CheckpointDamaged(Lint):
    """A checkpoint is not what was written, or is of another run; the one before it is used.

    Every checkpoint has a manifest with the size and the SHA-256 of all its files. What the
    run did since the one before is done again, with the same result.
    """

    code: ClassVar[str] = "W401"
    title: ClassVar[str] = "the checkpoint `{path}` cannot be used: {reason}"
    note: ClassVar[str] = "the one before it is used instead, if there is one"

    path: str
    reason: str


class OtherVersions(Lint):
    """A run goes on with other versions of libraries, or on another device, than it began with.

    Its weights then need not be those of a run that was never stopped, bit for bit.
    """

    code: ClassVar[str] = "W402"
    title: ClassVar[str] = "the run began with {before}, and goes on with {after}"
    note: ClassVar[str] = "weights may differ in their last bits from those of a run in one go"

    before: str
    after: str


class BadRowsLeftOut(Lint):
    """Rows of the data are no examples, and `on_bad = skip` leaves them out of all splits."""

    code: ClassVar[str] = "W404"
    title: ClassVar[str] = "{rows} cannot be used, and {verb} left out"
    label: ClassVar[str] = "asked for here"
    note: ClassVar[str] = "{examples}"
    help: ClassVar[str] = "`bad_rows.jsonl` in the run folder lists all of them"

    rows: str
    verb: str
    examples: str


class BestMissing(Lint):
    """A file with the best weights of a run is not there any more.

    The run goes on without them, and keeps those of a later epoch if that is better.
    """

    code: ClassVar[str] = "W403"
    title: ClassVar[str] = "`{path}`, the weights of epoch {epoch}, is missing"
    note: ClassVar[str] = "it is written again when an epoch is better"

    path: str
    epoch: int


class TunedUnreadable(Lint):
    """What `kspec tune` kept in the cache folder is damaged, or was not measured on this machine.

    Kernels are then chosen as if nothing had been measured here. `kspec tune` writes it anew.
    """

    code: ClassVar[str] = "W405"
    title: ClassVar[str] = "the measurements in `{path}` cannot be used: {reason}"
    note: ClassVar[str] = "kernels are chosen by the table that ships with kspec"
    help: ClassVar[str] = "`kspec tune` measures anew; or delete the file"

    path: str
    reason: str
