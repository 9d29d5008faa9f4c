"""Angles and hyperbolic functions, element by element. The type rules."""

from __future__ import annotations

from kspec.ir.rules import floating, floating_pair, op

op("tan", "arcsin", "arccos", "arctan", "deg2rad", "rad2deg", "sinc")(floating)
op("sinh", "cosh", "arcsinh", "arccosh", "arctanh")(floating)
op("arctan2", "hypot")(floating_pair)
