"""Crossentropies, and other losses on the scores of classes. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, integer, op, require, require_float, require_integer
from kspec.ir.types import Dim, Shape, TensorType


@op("sparse_categorical_crossentropy", required=("axis",), from_logits=False, ignore_class=None)
def _sparse_categorical_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    label, predicted = types
    require(
        label.dtype != "f32" or label.shape != predicted.shape,
        f"labels {label} are one-hot: that is `categorical_crossentropy`",
    )
    axis = integer(attrs, "axis")
    ignored = attrs["ignore_class"]
    unsigned = label.dtype == "u8" and ignored is not None
    require(
        not unsigned or 0 <= integer(attrs, "ignore_class") < 256,
        f"no label of {label} is {ignored}: there is nothing to ignore",
    )
    return _labelled(label, predicted, axis)


@op("categorical_generalized_cross_entropy", required=("q",))
def _categorical_generalized_cross_entropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    label, predicted = types
    require(
        label.dtype != "f32" or label.shape != predicted.shape,
        f"labels {label} are one-hot, and this loss takes class numbers",
    )
    return _labelled(label, predicted, predicted.rank - 1)


@op("linear_crossentropy", required=("bias", "rows"))
def _linear_crossentropy(types: Types, attrs: Attrs) -> Types:
    """`label int[B,...]`, `x [B,...,D]`, `kernel [D,classes]`, maybe `bias [classes]`."""
    arity(types, 3 + bool(attrs["bias"]), "linear_crossentropy")
    label, x, kernel, *bias = types
    require_float(x, "linear_crossentropy")
    require(kernel.rank == 2 and x.shape[-1] == kernel.shape[0], f"{x} does not fit {kernel}")
    require(integer(attrs, "rows") > 0, "a part has at least one row")
    classes = TensorType(x.dtype, kernel.shape[1:])
    for type in (*bias, TensorType(kernel.dtype, kernel.shape[1:])):
        require(type == classes, f"linear_crossentropy takes {classes}, not {type}")
    predicted = TensorType("f32", (*x.shape[:-1], *kernel.shape[1:]))
    return _labelled(label, predicted, predicted.rank - 1)


def _labelled(label: TensorType, predicted: TensorType, axis: int) -> Types:
    """The result of a loss that compares class numbers with scores along an axis."""
    require_integer(label, "a sparse label")
    require_float(predicted, "a prediction")
    require(0 < axis < predicted.rank, f"{predicted} has no axis {axis} of classes")
    rest = _without(predicted.shape, axis)
    which = "the last" if axis == predicted.rank - 1 else f"axis {axis}"
    vectors = "\n`flatten` or a pooling makes one vector of each example"
    require(
        label.shape == rest,
        f"labels {label} do not fit predictions {predicted}: all axes but {which} must agree"
        f"{vectors if label.rank < predicted.rank - 1 else ''}",
    )
    return (TensorType(predicted.dtype, rest),)


def _without(shape: Shape, axis: int) -> tuple[Dim, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


@op("categorical_crossentropy", required=("axis",), from_logits=False)
@op("categorical_focal_crossentropy", required=("axis", "alpha", "gamma"), from_logits=False)
@op("cosine_similarity", required=("axis",))
@op("kl_divergence", "categorical_hinge")
def _over_classes(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "this loss")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth == predicted, f"truth {truth} and prediction {predicted} differ in type")
    axis = integer(attrs, "axis") if "axis" in attrs else predicted.rank - 1
    require(0 < axis < predicted.rank, f"{predicted} has no axis {axis} of classes")
    alpha = attrs.get("alpha")
    if isinstance(alpha, tuple):
        last = predicted.shape[-1]
        require(
            len(alpha) == last,
            f"alpha has {len(alpha)} weights, and the last axis of {predicted} has {last}",
        )
    return (predicted.with_shape(_without(predicted.shape, axis)),)


@op("binary_crossentropy", from_logits=False)
@op("binary_focal_crossentropy", required=("gamma", "alpha"), from_logits=False)
def _binary_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth == predicted, f"truth {truth} and prediction {predicted} differ")
    return (predicted,)


@op("ctc")
def _ctc(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "ctc")
    labels, logits = types
    require_integer(labels, "ctc")
    require_float(logits, "ctc")
    require(labels.rank == 2, f"ctc takes a row of class numbers an example, not {labels}")
    require(logits.rank == 3, f"ctc takes scores for each step of time, not {logits}")
    require(labels.shape[0] == logits.shape[0], f"{labels} and {logits} differ in examples")
    return (TensorType("f32", labels.shape[:1]),)
