"""Ops on angles, and hyperbolic functions."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.ops.base import op
from kspec.ops.elementwise import Binary, Unary

__all__: list[str] = []


@final
@op("tan")
class Tan(Unary):
    """The tangent of an angle in radians."""


@final
@op("arcsin")
class Arcsin(Unary):
    """The angle, from -pi/2 to pi/2, whose sine the number is."""


@final
@op("arccos")
class Arccos(Unary):
    """The angle, from 0 to pi, whose cosine the number is."""


@final
@op("arctan")
class Arctan(Unary):
    """The angle, from -pi/2 to pi/2, whose tangent the number is."""


@final
@op("arctan2")
class Arctan2(Binary):
    """The angle, from -pi to pi, of the point with height x1 and width x2."""

    exact: ClassVar[bool] = False


@final
@op("hypot")
class Hypot(Binary):
    """sqrt(x1 ** 2 + x2 ** 2), safe for large numbers."""

    exact: ClassVar[bool] = False


@final
@op("deg2rad")
class Deg2Rad(Unary):
    """Degrees as radians: x * pi / 180."""


@final
@op("rad2deg")
class Rad2Deg(Unary):
    """Radians as degrees: x * 180 / pi."""


@final
@op("sinc")
class Sinc(Unary):
    """sin(pi x) / (pi x), and 1 at 0."""


@final
@op("sinh")
class Sinh(Unary):
    """The hyperbolic sine: (exp(x) - exp(-x)) / 2."""


@final
@op("cosh")
class Cosh(Unary):
    """The hyperbolic cosine: (exp(x) + exp(-x)) / 2."""


@final
@op("arcsinh")
class Arcsinh(Unary):
    """The number whose hyperbolic sine this is."""


@final
@op("arccosh")
class Arccosh(Unary):
    """The positive number whose hyperbolic cosine this is."""


@final
@op("arctanh")
class Arctanh(Unary):
    """The number whose hyperbolic tangent this is."""
