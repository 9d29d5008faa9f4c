"""Element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, broadcast, element_type, op, require, require_float
from kspec.ir.types import KEY, TensorType


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
@op("gelu", "gelu_native", approximate=False)
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
    return (TensorType(element_type(attrs), ()),)


@op("cast", required=("dtype",))
def _cast(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a cast")
    return (types[0].with_dtype(element_type(attrs)),)


@op("select")
def _select(types: Types, attrs: Attrs) -> Types:
    arity(types, 3, "select")
    condition, yes, no = types
    require(condition.dtype == "bool", f"the condition must be bool, not {condition}")
    require(yes.dtype == no.dtype, f"{yes} and {no} have different element types")
    both = TensorType(yes.dtype, broadcast(yes, no))
    return (TensorType(yes.dtype, broadcast(condition, both)),)
