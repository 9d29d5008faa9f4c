"""Ranks along axes, and reductions that leave out what is NaN."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, final

from kspec.ir import Builder, Value
from kspec.ops.base import Operation, arg, axes_of, number, op, to_float
from kspec.ops.reductions import Reduction
from kspec.registry import Example

__all__: list[str] = []


@final
@op("median")
class Median(Reduction):
    """The middle number along axes, or the mean of the two in the middle."""

    exact: ClassVar[bool] = False


class _Quantile(Operation):
    """The number below which a share of the numbers lies."""

    ir: ClassVar[str]
    whole: ClassVar[float] = 1.0

    q: float = arg(doc="The share; several at once would put an axis before the batch.")
    axis: int | tuple[int, ...] | None = arg(
        default=None, doc="The axis or axes; all axes of one example by default."
    )
    method: Literal["linear", "lower", "higher", "midpoint", "nearest"] = arg(
        default="linear", doc="What to take where the place is between two numbers."
    )
    keepdims: bool = arg(default=False, doc="Whether the axes stay, with size 1.")

    def check(self) -> str | None:
        """A share is one of a whole."""
        return None if 0 <= self.q <= self.whole else f"q must be between 0 and {self.whole:g}"

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Write the op in IR ops."""
        x = to_float(b, operands[0])
        attrs: dict[str, Any] = {"method": self.method, "keepdims": self.keepdims}
        return b.op(self.ir, x, q=self.q / self.whole, axis=axes_of(x, self.axis), **attrs)


@final
@op("quantile")
class Quantile(_Quantile):
    """The number along axes below which a share of them lies: 0.5 is the median."""

    example = Example("quantile(x, 0.9)", x="f32[6]")

    ir: ClassVar[str] = "quantile"


@final
@op("percentile")
class Percentile(_Quantile):
    """The number along axes below which so many of a hundred lie: 50 is the median."""

    example = Example("percentile(x, 90)", x="f32[6]")

    ir: ClassVar[str] = "quantile"
    whole: ClassVar[float] = 100.0


@final
@op("nanquantile")
class NanQuantile(_Quantile):
    """`quantile` of what is not NaN."""

    example = Example("nanquantile(x, 0.9)", x="f32[6]")

    ir: ClassVar[str] = "nanquantile"


@final
@op("nanpercentile")
class NanPercentile(_Quantile):
    """`percentile` of what is not NaN."""

    example = Example("nanpercentile(x, 90)", x="f32[6]")

    ir: ClassVar[str] = "nanquantile"
    whole: ClassVar[float] = 100.0


class _WithoutNan(Reduction):
    """The IR op of the same name on floats; on integers that of the name without `nan`."""

    plain: ClassVar[str]

    def lower(self, b: Builder, *operands: Value) -> Value:
        """Integers are never NaN."""
        x = number(b, operands[0]) if self.exact else to_float(b, operands[0])
        name = self.name if x.type.is_float else self.plain
        return b.op(name, x, axis=axes_of(x, self.axis), keepdims=self.keepdims)


@final
@op("nansum")
class NanSum(_WithoutNan):
    """The sum of what is not NaN."""

    plain: ClassVar[str] = "sum"


@final
@op("nanprod")
class NanProd(_WithoutNan):
    """The product of what is not NaN."""

    plain: ClassVar[str] = "prod"


@final
@op("nanmax")
class NanMax(_WithoutNan):
    """The largest of what is not NaN."""

    plain: ClassVar[str] = "max"


@final
@op("nanmin")
class NanMin(_WithoutNan):
    """The smallest of what is not NaN."""

    plain: ClassVar[str] = "min"


@final
@op("nanmean")
class NanMean(Reduction):
    """The mean of what is not NaN."""

    exact: ClassVar[bool] = False


@final
@op("nanvar")
class NanVar(Reduction):
    """The mean squared distance from the mean, of what is not NaN."""

    exact: ClassVar[bool] = False


@final
@op("nanstd")
class NanStd(Reduction):
    """The standard deviation of what is not NaN."""

    exact: ClassVar[bool] = False


@final
@op("nanmedian")
class NanMedian(Reduction):
    """The middle of what is not NaN."""

    exact: ClassVar[bool] = False
