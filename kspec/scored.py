"""What a loss on classes compares, if it has one label an example: for reports by class."""

from __future__ import annotations

from kspec.elaborate import Program
from kspec.ir import TensorType
from kspec.plan import Scored
from kspec.syntax import tree

LOSSES = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)
SPARSE, CATEGORICAL, BINARY = LOSSES


def scored(program: Program) -> Scored | None:
    """The label and the output of the loss; None where it is another loss, or no plain call."""
    train = next((d for d in program.spec.declarations if isinstance(d, tree.TrainDecl)), None)
    losses = [s.value for s in train.settings if s.key == "loss"] if train else []
    if program.data is None or not losses or not isinstance(losses[0], tree.Call):
        return None
    call = losses[0]
    operands = _operands(call)
    if call.func.id not in LOSSES or operands is None:
        return None
    label, output = operands
    given = {c.name: c.value for c in program.choices if c.kind == "loss" and c.call == call.span}
    shapes = {field.name: field.shape for field in program.data.declaration.fields}
    type = program.outputs.get(output)
    if type is None or label not in shapes or given.get("axis", -1) != -1:
        return None
    loss = SPARSE if _is_one_hot(call) else call.func.id
    if not _fits(loss, shapes[label], type):
        return None
    ignored = given.get("ignore_class")
    return Scored(
        label=label,
        output=output,
        loss=call.func.id,
        from_logits=given.get("from_logits") is True,
        ignored=ignored if isinstance(ignored, int) else None,
    )


def _operands(call: tree.Call) -> tuple[str, str] | None:
    """The names of truth and prediction; the truth may be `one_hot(label, 10)`."""
    if len(call.args) < 2:
        return None
    truth, prediction = (each.value for each in call.args[:2])
    if isinstance(truth, tree.Call) and truth.func.id == "one_hot" and truth.args:
        truth = truth.args[0].value
    if isinstance(truth, tree.Name) and isinstance(prediction, tree.Name):
        return truth.id, prediction.id
    return None


def _is_one_hot(call: tree.Call) -> bool:
    return call.func.id == CATEGORICAL and any(isinstance(a.value, tree.Call) for a in call.args)


def _fits(loss: str, label: tuple[object, ...], output: TensorType) -> bool:
    """Whether an example has one label, and a score for each class or one for the second."""
    single = label in ((), (1,))
    _, *axes = output.shape
    if loss == BINARY:
        return single and axes in ([], [1])
    if len(axes) != 1 or not isinstance(axes[0], int) or axes[0] < 2:
        return False
    return single if loss == SPARSE else label == (axes[0],)
