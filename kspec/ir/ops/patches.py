"""Windows of images cut out side by side, and put back. The type rules."""

from __future__ import annotations

from kspec.ir.rules import Attrs, Types, arity, fixed, integers, op, require, require_float, window
from kspec.ir.types import TensorType


def _places(height: int, width: int, attrs: Attrs) -> int:
    """How many windows an image has."""
    count = 1
    for axis, size in enumerate((height, width)):
        kernel, dilation, padding, stride = (
            integers(attrs, name)[axis] for name in ("kernel_size", "dilation", "padding", "stride")
        )
        places = window(size + 2 * padding, kernel, stride, "valid", dilation)
        assert isinstance(places, int)
        count *= places
    return count


@op("unfold", required=("kernel_size", "dilation", "padding", "stride"))
def _unfold(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "unfold")
    (x,) = types
    require_float(x, "unfold")
    require(x.rank == 4, f"unfold works on [B, channels, height, width], not {x}")
    rows, columns = integers(attrs, "kernel_size")
    size = fixed(x, 1) * rows * columns
    return (TensorType(x.dtype, (x.shape[0], size, _places(fixed(x, 2), fixed(x, 3), attrs))),)


@op("fold", required=("output_size", "kernel_size", "dilation", "padding", "stride"))
def _fold(types: Types, attrs: Attrs) -> Types:
    arity(types, 1, "fold")
    (x,) = types
    require_float(x, "fold")
    require(x.rank == 3, f"fold works on [B, elements of a window, windows], not {x}")
    rows, columns = integers(attrs, "kernel_size")
    height, width = integers(attrs, "output_size")
    size, count = fixed(x, 1), fixed(x, 2)
    channels, rest = divmod(size, rows * columns)
    require(not rest, f"{size} elements are no windows of {rows} times {columns}")
    places = _places(height, width, attrs)
    require(places == count, f"{height} times {width} have {places} windows, not {count}")
    return (TensorType(x.dtype, (x.shape[0], channels, height, width)),)
