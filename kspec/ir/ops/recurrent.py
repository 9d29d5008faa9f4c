"""Recurrent layers over all steps at once. The type rules.

`x [B,T,F]`, `kernel [F,G*U]`, `recurrent_kernel [U,G*U]` for G gates of U numbers, then what
the attributes say is there: `bias`, the states before the first step `[B,U]`, and
`mask bool[B,T]`. The results are the outputs of all steps, where their steps stand, and the
last states.
"""

from __future__ import annotations

from typing import Final

from kspec.ir.rules import Attrs, TypeRuleError, Types, arity, op, require, require_float
from kspec.ir.types import Shape, TensorType

PLAIN: Final = ("lstm", "gru")
RECURRENT: Final = (*PLAIN, "lstm_native", "gru_native")
_GIVEN: Final = ("bias", "initial_state", "mask", "reverse")


def _recurrent(
    types: Types, attrs: Attrs, name: str, gates: int, states: int, offsets: Shape = ()
) -> Types:
    """The outputs and the states of a cell with so many gates, states and rows of `bias`."""
    given = [bool(attrs[key]) for key in _GIVEN[:3]]
    arity(types, 3 + given[0] + states * given[1] + given[2], name)
    x, kernel, recurrent, *rest = types
    require_float(x, name)
    require(x.rank == 3 and recurrent.rank == 2, f"{name} goes along the axis of time, not {x}")
    batch, steps, features = x.shape
    units = recurrent.shape[0]
    if not isinstance(units, int):
        raise TypeRuleError(f"{recurrent} has no fixed number of units")
    state = TensorType(x.dtype, (batch, units))
    wanted = [TensorType(x.dtype, (rows, gates * units)) for rows in (features, units)]
    wanted += [TensorType(x.dtype, (*offsets, gates * units))] * given[0]
    wanted += [state] * states * given[1] + [TensorType("bool", (batch, steps))] * given[2]
    for type, want in zip((kernel, recurrent, *rest), wanted, strict=True):
        require(type == want, f"{name} takes {want}, not {type}")
    return (TensorType(x.dtype, (batch, steps, units)), *(state,) * states)


@op("lstm", "lstm_native", required=_GIVEN)
def _lstm(types: Types, attrs: Attrs) -> Types:
    return _recurrent(types, attrs, "lstm", gates=4, states=2)


@op("gru", "gru_native", required=_GIVEN)
def _gru(types: Types, attrs: Attrs) -> Types:
    return _recurrent(types, attrs, "gru", gates=3, states=1, offsets=(2,))
