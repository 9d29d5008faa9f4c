"""The ops: their type rules. `codegen/ops.py` has the JAX expression of each.

A rule gets the operands' types and the attributes, every default filled in, and gives
the results' types. All axes are counted from 0, the batch axis included.
"""

from __future__ import annotations

from typing import cast

from kspec.ir.rules import (
    OPS,
    Attrs,
    OpDef,
    TypeRuleError,
    arity,
    broadcast,
    elements,
    integer,
    integers,
    op,
    require,
    require_float,
    require_integer,
    window,
)
from kspec.ir.types import JAX_DTYPES, KEY, Dim, TensorType

__all__ = ["OPS", "OpDef", "TypeRuleError"]

Types = tuple[TensorType, ...]


# --- element by element --------------------------------------------------------------


@op("negative", "abs", "square", "sign")
def _numeric(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "this")
    require(types[0].dtype not in ("bool", KEY), f"a number is needed, not {types[0]}")
    return types


@op("exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "sin", "cos", "erf")
@op("floor", "ceil", "round", "stop_gradient")
@op("relu", "relu6", "sigmoid", "log_sigmoid", "tanh")
@op("softplus", "softsign", "silu", "selu", "mish", "hard_sigmoid", "hard_silu")
@op("elu", "celu", alpha=1.0)
@op("gelu", approximate=False)
@op("leaky_relu", negative_slope=0.2)
@op("clip", required=("min", "max"))
def _floating(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "this")
    require_float(types[0], "it")
    return types


@op("add", "subtract", "multiply", "power", "maximum", "minimum")
def _binary(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "this")
    left, right = types
    require(left.dtype == right.dtype, f"{left} and {right} have different element types")
    require(left.dtype not in ("bool", KEY), f"numbers are needed, not {left}")
    return (TensorType(left.dtype, broadcast(left, right)),)


@op("divide", "divide_no_nan")
def _divide(types: Types, attrs: Attrs) -> Types:
    require_float(types[0], "division")
    return _binary(types, attrs)


@op("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def _compare(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a comparison")
    left, right = types
    require(left.dtype == right.dtype, f"{left} and {right} have different element types")
    return (TensorType("bool", broadcast(left, right)),)


@op("constant", required=("value",), dtype="f32")
def _constant(types: Types, attrs: Attrs) -> Types:
    arity(types, 0, "a constant")
    return (TensorType(_dtype(attrs), ()),)


@op("cast", required=("dtype",))
def _cast(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a cast")
    return (types[0].with_dtype(_dtype(attrs)),)


def _dtype(attrs: Attrs) -> str:
    dtype = attrs["dtype"]
    require(dtype in JAX_DTYPES, f"there is no element type {dtype}")
    return cast("str", dtype)


@op("select")
def _select(types: Types, attrs: Attrs) -> Types:
    arity(types, 3, "select")
    condition, yes, no = types
    require(condition.dtype == "bool", f"the condition must be bool, not {condition}")
    require(yes.dtype == no.dtype, f"{yes} and {no} have different element types")
    both = TensorType(yes.dtype, broadcast(yes, no))
    return (TensorType(yes.dtype, broadcast(condition, both)),)


# --- products and windows ------------------------------------------------------------


@op("matmul")
def _matmul(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a matrix product")
    x, w = types
    require_float(x, "a matrix product")
    require(x.dtype == w.dtype, f"{x} and {w} have different element types")
    require(x.rank >= 1 and w.rank >= 2, f"{x} @ {w} is no product of matrices")
    require(
        x.shape[-1] == w.shape[-2],
        f"{x} @ {w}: {x.shape[-1]} columns meet {w.shape[-2]} rows",
    )
    if w.rank > 2:
        require(x.shape[:-2] == w.shape[:-2], f"{x} @ {w}: the leading axes differ")
    return (TensorType(x.dtype, (*x.shape[:-1], w.shape[-1])),)


@op("conv", required=("strides", "padding", "dilation"), groups=1)
def _conv(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a convolution")
    x, kernel = types
    require_float(x, "a convolution")
    require(x.rank == kernel.rank and x.rank >= 3, f"a kernel {kernel} does not slide over {x}")
    groups = integer(attrs, "groups")
    channels, filters = x.shape[-1], kernel.shape[-1]
    require(
        isinstance(channels, int) and channels % groups == 0,
        f"{channels} channels do not divide into {groups} groups",
    )
    require(
        isinstance(filters, int) and filters % groups == 0,
        f"{filters} filters do not divide into {groups} groups",
    )
    require(
        kernel.shape[-2] == cast("int", channels) // groups, f"a kernel {kernel} does not fit {x}"
    )
    sizes = zip(
        x.shape[1:-1],
        cast("tuple[int, ...]", kernel.shape[:-2]),
        integers(attrs, "strides"),
        integers(attrs, "dilation"),
        strict=True,
    )
    spatial = tuple(window(n, k, s, attrs["padding"], d, "kernel") for n, k, s, d in sizes)
    return (TensorType(x.dtype, (x.shape[0], *spatial, filters)),)


@op("max_pool", "avg_pool", required=("window", "strides", "padding"))
def _pool(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "pooling")
    (x,) = types
    sizes = zip(x.shape[1:-1], integers(attrs, "window"), integers(attrs, "strides"), strict=True)
    spatial = tuple(window(n, k, s, attrs["padding"], what="pool") for n, k, s in sizes)
    return (TensorType(x.dtype, (x.shape[0], *spatial, x.shape[-1])),)


# --- reductions ----------------------------------------------------------------------


@op("sum", "max", "min", required=("axis",), keepdims=False)
def _reduce(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a reduction")
    (x,) = types
    axes = integers(attrs, "axis")
    require(x.dtype not in ("bool", KEY), f"numbers are needed, not {x}")
    require(all(0 <= axis < x.rank for axis in axes), f"{x} has no axis {axes}")
    kept: list[Dim] = []
    for axis, size in enumerate(x.shape):
        if axis not in axes:
            kept.append(size)
        elif attrs["keepdims"]:
            kept.append(1)
    return (x.with_shape(tuple(kept)),)


@op("mean", required=("axis",), keepdims=False)
def _mean(types: Types, attrs: Attrs) -> Types:
    require_float(types[0], "a mean")
    return _reduce(types, attrs)


@op("argmax", required=("axis",))
def _argmax(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "argmax")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis < x.rank, f"{x} has no axis {axis}")
    return (TensorType("i32", (*x.shape[:axis], *x.shape[axis + 1 :])),)


@op("softmax", "log_softmax", required=("axis",))
def _softmax(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "softmax")
    require_float(types[0], "softmax")
    axis = integer(attrs, "axis")
    require(0 <= axis < types[0].rank, f"{types[0]} has no axis {axis}")
    return types


# --- shapes --------------------------------------------------------------------------


@op("reshape", required=("shape",))
def _reshape(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "reshape")
    (x,) = types
    shape = cast("tuple[Dim, ...]", attrs["shape"])
    result = x.with_shape(shape)
    require(elements(shape) == elements(x.shape), f"{x} has not the elements of {result}")
    return (result,)


@op("transpose", required=("permutation",))
def _transpose(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "transpose")
    (x,) = types
    order = integers(attrs, "permutation")
    require(sorted(order) == list(range(x.rank)), f"{order} is no order of the axes of {x}")
    return (x.with_shape(tuple(x.shape[axis] for axis in order)),)


@op("expand_dims", required=("axis",))
def _expand_dims(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "expand_dims")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis <= x.rank, f"{x} has no place {axis} for an axis")
    return (x.with_shape((*x.shape[:axis], 1, *x.shape[axis:])),)


@op("squeeze", required=("axis",))
def _squeeze(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "squeeze")
    (x,) = types
    axis = integer(attrs, "axis")
    require(0 <= axis < x.rank and x.shape[axis] == 1, f"axis {axis} of {x} is not of size 1")
    return (x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :])),)


@op("concatenate", required=("axis",))
def _concatenate(types: Types, attrs: Attrs) -> Types:
    require(len(types) >= 2, "concatenate takes at least 2 operands")
    axis = integer(attrs, "axis")
    first = types[0]
    require(0 < axis < first.rank, f"{first} has no axis {axis} to concatenate along")
    total = 0
    for type in types:
        rest = (*type.shape[:axis], *type.shape[axis + 1 :])
        same = type.rank == first.rank and rest == (*first.shape[:axis], *first.shape[axis + 1 :])
        require(same and type.dtype == first.dtype, f"{first} and {type} do not fit side by side")
        size = type.shape[axis]
        require(isinstance(size, int), f"axis {axis} of {type} has no fixed size")
        total += cast("int", size)
    return (first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :])),)


@op("index", required=("items",))
def _index(types: Types, attrs: Attrs) -> Types:
    """`items` has one entry an axis: a place, or `(start, stop, step)`."""
    arity(types, 1, "an index")
    (x,) = types
    items = cast("tuple[int | tuple[int | None, ...], ...]", attrs["items"])
    require(len(items) == x.rank, f"{x} has {x.rank} axes, not {len(items)}")
    shape: list[Dim] = []
    for axis, (item, size) in enumerate(zip(items, x.shape, strict=True)):
        if isinstance(item, int):
            fits = not isinstance(size, int) or -size <= item < size
            require(fits, f"axis {axis} of {x} has no place {item}")
        elif item == (None, None, None):
            shape.append(size)
        else:
            require(isinstance(size, int), f"axis {axis} of {x} has no fixed size to cut")
            count = len(range(*slice(*item).indices(cast("int", size))))
            require(count > 0, f"nothing is left of axis {axis} of {x}")
            shape.append(count)
    return (x.with_shape(tuple(shape)),)


@op("take")
def _take(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a lookup")
    table, indices = types
    require_integer(indices, "a lookup")
    require(table.rank >= 1, f"{table} has no rows")
    return (TensorType(table.dtype, (*indices.shape, *table.shape[1:])),)


@op("one_hot", required=("depth",), dtype="f32")
def _one_hot(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "one_hot")
    require_integer(types[0], "one_hot")
    return (TensorType(_dtype(attrs), (*types[0].shape, integer(attrs, "depth"))),)


# --- chance --------------------------------------------------------------------------


@op("fold_in", required=("data",))
def _fold_in(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "fold_in")
    require(types[0] == TensorType(KEY, ()), f"a random key is needed, not {types[0]}")
    return types


@op("dropout", required=("rate",), stage="graph")
def _dropout(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "dropout")
    require_float(types[0], "dropout")
    return types


@op("dropout_with_key", required=("rate",))
def _dropout_with_key(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "dropout_with_key")
    require_float(types[0], "dropout")
    require(types[1].dtype == KEY, f"a random key is needed, not {types[1]}")
    return types[:1]


# --- batch normalization -------------------------------------------------------------


@op(
    "batch_norm",
    stage="graph",
    required=("axis", "momentum", "epsilon", "scale", "center"),
)
@op("batch_normalize", required=("axis", "epsilon", "scale", "center"))
def _batch_normalize(types: Types, attrs: Attrs) -> Types:
    arity(types, 3 + bool(attrs["scale"]) + bool(attrs["center"]), "batch normalization")
    x, *vectors = types
    require_float(x, "batch normalization")
    axis = integer(attrs, "axis")
    require(0 < axis < x.rank, f"{x} has no axis {axis} to normalize")
    for vector in vectors:
        require(vector.shape == (x.shape[axis],), f"{vector} is not of axis {axis} of {x}")
    return (x,)


@op("masked_moments", required=("axis",))
def _masked_moments(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "masked_moments")
    x, mask = types
    require_float(x, "moments")
    require(mask.shape == x.shape[:1], f"{mask} has not an entry for each example of {x}")
    each = TensorType(x.dtype, (x.shape[integer(attrs, "axis")],))
    return (each, each)


@op("moving_average", required=("momentum",))
def _moving_average(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "moving_average")
    require(types[0] == types[1], f"{types[0]} and {types[1]} differ")
    return types[:1]


# --- crossentropies ------------------------------------------------------------------


@op("sparse_categorical_crossentropy", from_logits=False)
def _sparse_categorical_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    label, predicted = types
    require(
        label.dtype != "f32" or label.shape != predicted.shape,
        f"labels {label} are one-hot: that is `categorical_crossentropy`",
    )
    require_integer(label, "a sparse label")
    require_float(predicted, "a prediction")
    require(
        label.shape == predicted.shape[:-1],
        f"labels {label} do not fit predictions {predicted}: all axes but the last must agree",
    )
    return (TensorType(predicted.dtype, label.shape),)


@op("categorical_crossentropy", required=("axis",), from_logits=False)
def _categorical_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    truth, predicted = types
    require(
        truth.shape == predicted.shape,
        f"truth {truth} and prediction {predicted} differ in shape; "
        "class numbers are for `sparse_categorical_crossentropy`",
    )
    require(truth.dtype == predicted.dtype, f"{truth} and {predicted} differ in element type")
    axis = integer(attrs, "axis")
    require(0 < axis < predicted.rank, f"{predicted} has no axis {axis} of classes")
    return (predicted.with_shape((*predicted.shape[:axis], *predicted.shape[axis + 1 :])),)


@op("binary_crossentropy", from_logits=False)
def _binary_crossentropy(types: Types, attrs: Attrs) -> Types:
    arity(types, 2, "a crossentropy")
    truth, predicted = types
    require_float(predicted, "a prediction")
    require(truth == predicted, f"truth {truth} and prediction {predicted} differ in type")
    return (predicted,)
