"""What each mode makes of batch normalization: its moments, and how statistics move."""

from __future__ import annotations

from typing import Any, Final, cast

from kspec.ir import Builder, Op, Value

# The ops of the graph, and how many statistics each carries.
BATCH_NORMS: Final = {"batch_norm": 2, "batch_renorm": 5}


def normalize_as_moved(op: Op, b: Builder) -> Value:
    """Normalization by the moving mean and variance."""
    return _normalize(op, op.args[1:3], _learned(op), b)


def normalize_by_batch(op: Op, mask: Value, moving: dict[Value, Value], b: Builder) -> Value:
    """Normalization by the moments of the batch's real examples and time steps.

    Args:
        op: Of the graph.
        mask: Which examples are real.
        moving: Each statistic and what the step makes of it; takes those of `op`.
        b: Takes the ops.
    """
    steps = [each for each in op.args[1:] if each.type.dtype == "bool"]
    mean, variance = b.op_n("masked_moments", op.args[0], mask, *steps, axis=op.attrs["axis"])
    if op.name == "batch_norm":
        for old, new in zip(op.args[1:3], (mean, variance), strict=True):
            _move(old, new, cast("float", op.attrs["momentum"]), moving, b)
        return _normalize(op, (mean, variance), _learned(op), b)
    return _renormalize(op, mean, variance, moving, b)


def _renormalize(
    op: Op, mean: Value, variance: Value, moving: dict[Value, Value], b: Builder
) -> Value:
    """(x * r + d) * gamma + beta, with r and d from statistics that move, too."""
    moving_mean, moving_variance, deviation, *last = op.args[1:6]
    bounds: dict[str, Any] = {name: op.attrs[name] for name in ("epsilon", "rmin", "rmax", "dmax")}
    present = [moving.get(each, each) for each in last]
    r, d = b.op_n("renorm_corrections", mean, variance, *present, **bounds)
    learned = list(_learned(op))
    if op.attrs["scale"]:
        gamma = learned.pop(0)
        r, d = b.op("multiply", r, gamma), b.op("multiply", d, gamma)
    if learned:
        d = b.op("add", d, learned[0])
    epsilon = b.constant(cast("float", op.attrs["epsilon"]))
    spread = b.op("sqrt", b.op("add", variance, epsilon))
    for old, new in zip(last, (mean, spread), strict=True):
        _move(old, new, cast("float", op.attrs["renorm_momentum"]), moving, b)
    for old, new in ((moving_mean, mean), (deviation, spread)):
        _move(old, new, cast("float", op.attrs["momentum"]), moving, b)
    square = b.op("subtract", b.op("square", moving[deviation]), epsilon)
    moving[moving_variance] = b.op("relu", square, hint="moving_variance")
    attrs: dict[str, Any] = {"axis": op.attrs["axis"], "epsilon": op.attrs["epsilon"]}
    normalized = (op.args[0], mean, variance, r, d)
    return b.op("batch_normalize", *normalized, scale=True, center=True, **attrs)


def _move(old: Value, new: Value, momentum: float, moving: dict[Value, Value], b: Builder) -> None:
    hint = old.name.rsplit(".", 1)[-1]
    last = moving.get(old, old)
    moving[old] = b.op("moving_average", last, new, hint=hint, momentum=momentum)


def _learned(op: Op) -> tuple[Value, ...]:
    """Scale and shift, as far as they are there."""
    behind = op.args[1 + BATCH_NORMS[op.name] :]
    return tuple(each for each in behind if each.type.dtype != "bool")


def _normalize(op: Op, moments: tuple[Value, ...], learned: tuple[Value, ...], b: Builder) -> Value:
    attrs: dict[str, Any] = {
        name: op.attrs[name] for name in ("axis", "epsilon", "scale", "center")
    }
    return b.op("batch_normalize", op.args[0], *moments, *learned, **attrs)
