"""Linear algebra on the matrices of the last two axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, final

from kspec.ir import Builder, TypeRuleError, Value
from kspec.ops.base import Operation, arg, example_axes, fixed, op, to_float
from kspec.registry import Example

__all__: list[str] = []


def _matrix(b: Builder, x: Value) -> Value:
    """Floats whose examples have rows and columns."""
    if len(example_axes(x)) < 2:
        raise TypeRuleError(f"an example of {x.type} is no matrix")
    return to_float(b, x)


def _turned(b: Builder, x: Value) -> Value:
    """The matrices with rows as columns."""
    rank = x.type.rank
    return b.op("transpose", x, permutation=(*range(rank - 2), rank - 1, rank - 2))


class _OfMatrix(Operation):
    """The IR op of the same name on matrices, with its arguments as attributes."""

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        attrs: dict[str, Any] = {each.name: getattr(self, each.name) for each in self.args}
        return b.op(self.name, _matrix(b, operands[0]), **attrs)


@final
@op("cholesky")
class Cholesky(_OfMatrix):
    """The lower triangle L with L @ L.T = x, for a symmetric matrix of positive eigenvalues."""

    example = Example("cholesky(x)", x="f32[4, 4]")

    upper: bool = arg(default=False, doc="Whether to give the upper triangle, L.T, instead.")


@final
@op("cholesky_inverse")
class CholeskyInverse(Operation):
    """The inverse of a matrix, from its Cholesky factor."""

    example = Example("cholesky_inverse(x)", x="f32[4, 4]")

    upper: bool = arg(default=False, doc="Whether the factor is an upper triangle.")

    def lower(self, b: Builder, *operands: Value) -> Value:
        """The inverse of the triangle, and its product with itself."""
        x = _matrix(b, operands[0])
        size = fixed(x, x.type.rank - 1)
        one = b.op("eye", N=size, M=size)
        inverse = b.op("solve_triangular", x, one, lower=not self.upper)
        other = _turned(b, inverse)
        return b.op("matmul", inverse, other) if self.upper else b.op("matmul", other, inverse)


@final
@op("det")
class Det(_OfMatrix):
    """The determinant."""

    example = Example("det(x)", x="f32[4, 4]")


@final
@op("logdet")
class LogDet(_OfMatrix):
    """The logarithm of the absolute value of the determinant."""

    example = Example("logdet(x)", x="f32[4, 4]")


@final
@op("inv")
class Inv(_OfMatrix):
    """The inverse matrix."""

    example = Example("inv(x)", x="f32[4, 4]")


@final
@op("pinv")
class PInv(_OfMatrix):
    """The pseudo-inverse of Moore and Penrose, which every matrix has."""

    rcond: float | None = arg(
        default=None,
        doc="Singular values below this share of the largest count as 0; none is that of Keras.",
    )


@final
@op("matrix_rank")
class MatrixRank(_OfMatrix):
    """How many singular values are not 0."""

    tol: float | None = arg(
        default=None, doc="Up to which size they count as 0; none is that of Keras."
    )


class _Equations(Operation):
    """a x = b, where b is a vector or a matrix of them."""

    operands: ClassVar[int] = 2

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        left, right = _matrix(b, operands[0]), to_float(b, operands[1])
        vector = len(example_axes(right)) == 1
        if vector:
            right = b.op("expand_dims", right, axis=right.type.rank)
        attrs: dict[str, Any] = {each.name: getattr(self, each.name) for each in self.args}
        x = b.op(self.name, left, right, **attrs)
        return b.op("squeeze", x, axis=x.type.rank - 1) if vector else x


@final
@op("solve")
class Solve(_Equations):
    """The x with x1 @ x = x2, for square matrices."""

    example = Example("solve(x1, x2)", x1="f32[4, 4]", x2="f32[4, 2]")


@final
@op("solve_triangular")
class SolveTriangular(_Equations):
    """The x with x1 @ x = x2, where one triangle of x1 is taken to be 0."""

    example = Example("solve_triangular(x1, x2)", x1="f32[4, 4]", x2="f32[4, 2]")

    if not TYPE_CHECKING:  # the name hides the method, which is called on the class
        lower: bool = arg(default=False, doc="Whether the lower triangle is the one that counts.")


@final
@op("lstsq")
class LstSq(_Equations):
    """The smallest x for which x1 @ x is nearest to x2."""

    rcond: float | None = arg(
        default=None,
        doc="Singular values below this share of the largest count as 0; none is that of Keras.",
    )
