"""When ops do the same to different operands: the loops among them, too."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

from kspec.ir import OPS, Attr, Func, Op, TensorType, Value


def signature(op: Op) -> Hashable:
    """What an op does, but for whose values it takes.

    Two ops with equal signatures are the same function of their `uses`, position by position.
    """
    attrs = tuple((name, repr(value)) for name, value in sorted(op.attrs.items()))
    operands = tuple(value.type for value in op.uses)
    results = tuple(value.type for value in op.results)
    return (op.name, attrs, operands, results, None if op.body is None else _body(op.body))


def _body(func: Func) -> Hashable:
    """A body, its values numbered."""
    numbers = {value: f"around.{i}" for i, value in enumerate(func.captured)}
    numbers.update((value, f"param.{i}") for i, value in enumerate(func.params))
    lines: list[Hashable] = []
    for place, op in enumerate(func.ops):
        lines.append((signature(op), tuple(numbers[value] for value in op.uses)))
        numbers.update((value, f"{place}.{i}") for i, value in enumerate(op.results))
    params = tuple(value.type for value in func.params)
    return (params, tuple(lines), tuple((name, numbers[value]) for name, value in func.returns))


def retyped(
    op: Op,
    values: Mapping[Value, Value],
    retype: Callable[[TensorType], TensorType],
    attrs: Callable[[Mapping[str, Attr]], Mapping[str, Attr]],
    name: Callable[[Value, TensorType], Value],
) -> Op:
    """An op on other operands, whose types have changed; what is in its body, too.

    Args:
        op: The op.
        values: What takes the place of values.
        retype: What becomes of a type.
        attrs: What becomes of the attributes.
        name: Makes a value for a result of the op that now has that type.

    Raises:
        TypeRuleError: The op does not take such operands.
    """
    body = None if op.body is None else _retyped_body(op.body, values, retype, attrs)
    args = tuple(values.get(value, value) for value in op.args)
    new = attrs(op.attrs)
    types = OPS[op.name].infer(tuple(value.type for value in args), new, body)
    results = tuple(name(old, type) for old, type in zip(op.results, types, strict=True))
    return replace(op, args=args, results=results, attrs=new, body=body)


def _retyped_body(
    body: Func,
    values: Mapping[Value, Value],
    retype: Callable[[TensorType], TensorType],
    attrs: Callable[[Mapping[str, Attr]], Mapping[str, Attr]],
) -> Func:
    params = tuple(Value(value.name, retype(value.type)) for value in body.params)
    inside = {**values, **dict(zip(body.params, params, strict=True))}
    ops: list[Op] = []
    for op in body.ops:
        new = retyped(op, inside, retype, attrs, lambda old, type: Value(old.name, type))
        inside.update(zip(op.results, new.results, strict=True))
        ops.append(new)
    returns = tuple((name, inside.get(value, value)) for name, value in body.returns)
    return replace(body, params=params, ops=tuple(ops), returns=returns)
