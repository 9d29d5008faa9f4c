"""Ops with a body: a nested function, and the call that does it over and over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kspec.codegen import layout
from kspec.codegen.names import safe
from kspec.codegen.rounds import as_sequences, free
from kspec.ir import Op, Value

if TYPE_CHECKING:
    from kspec.codegen.functions import Body


def region(op: Op, inner: Body, outer: Body, indent: int) -> list[str]:
    """The lines of an op with a body.

    Args:
        op: The op.
        inner: Writes its body.
        outer: Writes what is around it.
        indent: How deep it stands.
    """
    name = free(f"{safe(op.results[0].hint)}_step", outer)
    if op.name == "scan":
        return _scan(op, inner, outer, indent, name)
    return _map(op, inner, outer, indent, name)


def _scan(op: Op, inner: Body, outer: Body, indent: int, name: str) -> list[str]:
    """`jax.lax.scan(step, carry, sequences)`.

    Where rounds are computed again, it goes through `jax.checkpoint(step)`. XLA cannot undo
    that from outside of the loop, so nothing has to keep it from it.
    """
    count = op.attrs["carries"]
    assert isinstance(count, int)
    params = inner.func.params
    carries = [inner.names[value] for value in params[:count]]
    sequences, slices = as_sequences(op.args[count:], inner, params[count:], outer)
    head: list[str] = []
    if len(carries) != 1:
        head.append(f"{', '.join(carries)} = carry" if carries else "del carry")
    if len(slices) > 1:
        head.append(f"{', '.join(slices)} = slices")
    carry = carries[0] if len(carries) == 1 else "carry"
    each = slices[0] if len(slices) == 1 else ("slices" if slices else "_")
    results = [inner.expr(value) for _, value in inner.func.returns]
    returned = f"{_pack(results[:count])}, {_pack(results[count:])}"
    lines = _function(name, [carry, each], head, inner, returned, indent)
    operands = [outer.expr(value) for value in op.args[:count]]
    options = [f"{name}=True" for name in ("reverse", "unroll") if op.attrs[name]]
    if not sequences:
        options.append(f"length={op.attrs['length']}")
    step = f"jax.checkpoint({name}, prevent_cse=False)" if op.attrs["recompute"] else name
    args = [step, _pack(operands), _pack(sequences), *options]
    targets = outer.targets(op.results)
    target = f"{_pack(targets[:count], '_')}, {_pack(targets[count:], '_')}"
    call = f"jax.lax.scan({', '.join(args)})"
    return [*lines, *layout.assign(target, call, indent, _types(op.results))]


def _map(op: Op, inner: Body, outer: Body, indent: int, name: str) -> list[str]:
    """`jax.vmap(step, in_axes, out_axes)(operands)`."""
    params = [inner.names[value] for value in inner.func.params]
    results = [inner.expr(value) for _, value in inner.func.returns]
    lines = _function(name, params, [], inner, ", ".join(results), indent)
    operands = ", ".join(outer.expr(value) for value in op.args)
    axis = op.attrs["axis"]
    each = [0 if value.type.rank == 1 else axis for value in op.args]
    axes = axis if set(each) == {axis} else f"({', '.join(map(str, each))})"
    call = f"jax.vmap({name}, in_axes={axes}, out_axes={axis})({operands})"
    target = ", ".join(outer.targets(op.results))
    return [*lines, *layout.assign(target, call, indent, _types(op.results))]


def _function(
    name: str, params: list[str], head: list[str], inner: Body, returned: str, indent: int
) -> list[str]:
    pad = layout.INDENT * indent
    return [
        f"{pad}def {name}({', '.join(params)}):",
        *(f"{pad}{layout.INDENT}{line}" for line in head),
        *inner.lines(indent + 1, comments=False),
        *layout.statement("return ", returned, indent + 1),
        "",
    ]


def _pack(items: list[str], nothing: str = "None") -> str:
    """One thing as itself, several as a tuple."""
    if len(items) == 1:
        return items[0]
    return f"({', '.join(items)})" if items else nothing


def _types(values: tuple[Value, ...]) -> str:
    return ", ".join(str(value.type) for value in values)
