"""E4: model, data and training do not fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

from kspec.diagnostics.core import Diagnostic, Span
from kspec.diagnostics.errors_names import Suggesting
from kspec.diagnostics.suggest import closest


class InputWithoutField(Suggesting):
    """A model's input has no field of that name in the data."""

    code: ClassVar[str] = "E401"
    title: ClassVar[str] = "the data `{data}` has no field `{input}`"
    label: ClassVar[str] = "this input needs one"
    note: ClassVar[str] = "inputs take the fields of their names; there are {fields}"

    input: str
    data: str
    fields: str

    @classmethod
    def of(cls, span: Span, input: str, data: str, known: Iterable[str]) -> Self:
        """With the nearest field suggested."""
        names = sorted(known)
        shown = ", ".join(f"`{name}`" for name in names) or "none"
        near = closest(input, names)
        return cls(span=span, input=input, data=data, fields=shown, suggestion=near)


class FieldTypeMismatch(Diagnostic):
    """An input and the field that it takes have different types."""

    code: ClassVar[str] = "E402"
    title: ClassVar[str] = "the input `{input}` is {declared}, but the data has {actual}"
    label: ClassVar[str] = "declared as {declared}"
    help: ClassVar[str] = "{advice}"

    input: str
    field: str
    declared: str
    actual: str
    advice: str


class LastingAugmentation(Diagnostic):
    """An `augment` line changes a field in evaluation, too, or gives it another form.

    Augmentations are off in validation and prediction: the field is then as the data has it. What
    should always happen to a field belongs in the model.
    """

    code: ClassVar[str] = "E416"
    title: ClassVar[str] = "this is no augmentation of {fields}"
    label: ClassVar[str] = "{reason}"
    note: ClassVar[str] = "an augmentation changes examples in training only"
    help: ClassVar[str] = "{advice}"

    fields: str
    reason: str
    advice: str


class LossNotPerExample(Diagnostic):
    """A loss must give one number for each example."""

    code: ClassVar[str] = "E403"
    title: ClassVar[str] = "this loss is no number for each example"
    label: ClassVar[str] = "it is {type}"

    type: str


class LabelWidthMismatch(Diagnostic):
    """A model gives more or fewer scores than the label has classes."""

    code: ClassVar[str] = "E404"
    title: ClassVar[str] = "`{field}` has {classes} classes, but `{output}` has {scores}"
    label: ClassVar[str] = "compares {classes} classes with {scores}"
    help: ClassVar[str] = "{advice}"

    field: str
    classes: int
    output: str
    width: str

    def facts(self) -> dict[str, object]:
        """With the right plural, and what one score is good for."""
        scores = "1 score" if self.width == "1" else f"{self.width} scores"
        advice = f"give the last layer {self.classes} units"
        if self.width == "1" and self.classes == 2:
            advice += ", or take `binary_crossentropy` and a sigmoid"
        elif self.width == "1":
            advice += " and a softmax; one score tells two classes apart"
        return super().facts() | {"scores": scores, "advice": advice}


class WrongLabels(Diagnostic):
    """A loss or metric gets labels of another form: class numbers, or a number for each class.

    Wrong: `categorical_crossentropy(label, digit)` with `label : class[10]`. Right:
    `sparse_categorical_crossentropy(label, digit)`.
    """

    code: ClassVar[str] = "E411"
    title: ClassVar[str] = "`{name}` takes {wanted}, and `{field}` holds {given}"
    label: ClassVar[str] = "compares {truth} with {prediction}"
    help: ClassVar[str] = "write {instead}"

    name: str
    wanted: str
    field: str
    given: str
    truth: str
    prediction: str
    instead: str


class NoOutput(Diagnostic):
    """A model has no output, or a block not exactly one."""

    code: ClassVar[str] = "E405"
    title: ClassVar[str] = "`{model}` has no output"
    label: ClassVar[str] = "a model needs an output, a block exactly one"
    help: ClassVar[str] = "add a line `output name = ...`"

    model: str


class BadSplit(Diagnostic):
    """The parts of a split are not shares of the source, or not called as they should be."""

    code: ClassVar[str] = "E406"
    title: ClassVar[str] = "this split cannot be made"
    label: ClassVar[str] = "{message}"
    help: ClassVar[str] = (
        "write it as `{{ train: 80%, validation: 10%, test: 10% }}`, or as `folds(5, fold=0)`"
    )

    message: str


class NoSuchWeights(Suggesting):
    """A path of `freeze`, `unfreeze`, `load`, or of an optimizer, means no weight.

    An optimizer has paths before its `=`, and in `exclude_from_weight_decay=["**.bias"]`.

    Paths are made of the names in the spec: `share base = ...` gives `base.dense.kernel`.
    `kspec ir SPEC` lists all weights. `*` stands for one part, `**` for any number.
    """

    code: ClassVar[str] = "E407"
    title: ClassVar[str] = "no weight is at `{path}`"
    label: ClassVar[str] = "nothing has this path"
    note: ClassVar[str] = "there are {there}"

    path: str
    there: str

    @classmethod
    def of(cls, span: Span, path: str, known: Iterable[str]) -> Self:
        """With the nearest path suggested, and the first parts of all paths."""
        parts = [each.split(".") for each in known]
        all_paths = {".".join(each[:end]) for each in parts for end in range(1, len(each) + 1)}
        first = list(dict.fromkeys(f"`{each[0]}`" for each in parts))
        shown = ", ".join(first[:8]) + (", ..." if len(first) > 8 else "")
        near = closest(path, all_paths)
        return cls(span=span, path=path, there=shown or "no weights", suggestion=near)


class NothingToLearn(Diagnostic):
    """All weights are frozen, so that training would change nothing."""

    code: ClassVar[str] = "E408"
    title: ClassVar[str] = "there is nothing to learn: all weights are frozen"
    label: ClassVar[str] = "nothing is left to train here"
    help: ClassVar[str] = "freeze less, or `unfreeze` a part"


class NoValidationSplit(Diagnostic):
    """A number of the validation split is watched, and the data has no such split."""

    code: ClassVar[str] = "E409"
    title: ClassVar[str] = "`{metric}` needs a validation split, and `{data}` has none"
    label: ClassVar[str] = "watched here"
    help: ClassVar[str] = "write `split = {{ train: 80%, validation: 20% }}` in the data block"

    metric: str
    data: str


class UnknownDirection(Diagnostic):
    """Nothing says whether a watched number is better when it is small or when it is large."""

    code: ClassVar[str] = "E410"
    title: ClassVar[str] = "is a small or a large `{metric}` better?"
    label: ClassVar[str] = "nothing says which"
    help: ClassVar[str] = "write `min({metric})` or `max({metric})`"

    metric: str


class SeveralNumbers(Diagnostic):
    """A metric that gives several numbers is watched, and only one can be the best.

    Wrong: `stop { monitor = validation.f1_score }` with a score for each class. Right: the
    same with `f1_score(label, y, average="macro")` in `metrics`.
    """

    code: ClassVar[str] = "E413"
    title: ClassVar[str] = "`{metric}` is {count} numbers, and one can be watched"
    label: ClassVar[str] = "watched here"
    help: ClassVar[str] = "give the metric {merged}"

    metric: str
    count: str
    merged: str


class MetricIsNoOp(Diagnostic):
    """A call in `metrics` means the metric, which is over the split, not the op of its name.

    Wrong: `{ gap: mean(x, axis=-1) }`. Right: `{ gap: mean(mean(x, axis=-1)) }`.
    """

    code: ClassVar[str] = "E412"
    title: ClassVar[str] = "the metric `{name}` has no argument `{argument}`"
    label: ClassVar[str] = "the op `{name}` has it, and is meant inside of a metric"
    help: ClassVar[str] = "write `mean({text})` for the mean of the op over the split"

    name: str
    argument: str
    text: str


class NotASampleWeight(Diagnostic):
    """A sample weight is one number an example, whatever the shape of the label.

    Weights of time steps or pixels are written into the loss: `loss = w * crossentropy(y, p)`.
    """

    code: ClassVar[str] = "E414"
    title: ClassVar[str] = "`{field}` is {type}, and a sample weight is one number an example"
    label: ClassVar[str] = "used as a weight"
    help: ClassVar[str] = "declare `{field} : f32`, or write the weights into the loss"

    field: str
    type: str


class NoClassLabel(Diagnostic):
    """`class_weight` weighs the examples by one label, and the loss has none, or several.

    A label tells the class of an example: `class[n]`, an integer, `bool`, a number for each class
    in a categorical loss, or 0 and 1 in a binary one.
    """

    code: ClassVar[str] = "E415"
    title: ClassVar[str] = "`class_weight` needs one label with classes, and the loss has {found}"
    label: ClassVar[str] = "cannot be told which class an example has"
    help: ClassVar[str] = "{advice}"

    found: str
    advice: str

    @classmethod
    def of(cls, span: Span, labels: Mapping[str, str]) -> Self:
        """From the labels of the loss, and their types."""
        found = " and ".join(f"`{name} : {type}`" for name, type in labels.items()) or "none"
        advice = "declare the label `class[n]`, or write the weights into the loss"
        if len(labels) > 1:
            advice = "write the weights into the loss: `where(kind == 1, 3.5, 1.0) * ...`"
        return cls(span=span, found=found, advice=advice)
