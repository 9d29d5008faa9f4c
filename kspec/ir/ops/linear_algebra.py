"""Matrices along the last two axes: factors, inverses, equations, norms. The type rules."""

from __future__ import annotations

from kspec.ir.rules import (
    Attrs,
    Types,
    arity,
    broadcast,
    integers,
    op,
    reduced,
    require,
    require_float,
)
from kspec.ir.types import Shape, TensorType


def _matrix(x: TensorType) -> None:
    require_float(x, "linear algebra")
    require(x.rank >= 2, f"{x} is no matrix")


def _square(types: Types) -> TensorType:
    arity(types, 1, "this")
    (x,) = types
    _matrix(x)
    require(x.shape[-2] == x.shape[-1], f"{x} is no square matrix")
    return x


@op("cholesky", upper=False)
@op("inv")
def _same(types: Types, attrs: Attrs) -> Types:
    return (_square(types),)


@op("det", "logdet")
def _determinant(types: Types, attrs: Attrs) -> Types:
    x = _square(types)
    return (x.with_shape(x.shape[:-2]),)


@op("pinv", rcond=None)
def _pinv(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "pinv")
    (x,) = types
    _matrix(x)
    return (x.with_shape((*x.shape[:-2], x.shape[-1], x.shape[-2])),)


@op("matrix_rank", tol=None)
def _matrix_rank(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "matrix_rank")
    (x,) = types
    _matrix(x)
    return (TensorType("i32", x.shape[:-2]),)


@op("solve")
@op("solve_triangular", lower=False)
def _solve(types: Types, attrs: Attrs) -> Types:
    _, b = types
    shape = _equations(types)
    _square(types[:1])
    return (b.with_shape((*shape, *b.shape[-2:])),)


@op("lstsq", rcond=None)
def _lstsq(types: Types, attrs: Attrs) -> Types:
    a, b = types
    return (b.with_shape((*_equations(types), a.shape[-1], b.shape[-1])),)


def _equations(types: Types) -> Shape:
    """The axes before the matrices of `a x = b`."""
    arity(types, 2, "equations")
    a, b = types
    for type in types:
        _matrix(type)
    require(a.dtype == b.dtype, f"{a} and {b} have different element types")
    require(a.shape[-2] == b.shape[-2], f"{a} and {b} have different numbers of rows")
    return broadcast(a.with_shape(a.shape[:-2]), b.with_shape(b.shape[:-2]))


@op("norm", required=("ord", "axis"), keepdims=False)
def _norm(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "a norm")
    (x,) = types
    require_float(x, "a norm")
    count = len(integers(attrs, "axis"))
    require(count in (1, 2), f"a norm is one of vectors or matrices, not along {count} axes")
    return (x.with_shape(reduced(x, attrs)),)
