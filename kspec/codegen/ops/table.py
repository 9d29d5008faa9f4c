"""The table of emitters, and what emitters are made of.

An emitter gives the Python expression of an op. Operands arrive as expressions that bind
tighter than any operator: names, subscripts, or numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias, cast

from kspec.ir import JAX_DTYPES, Attr, Op


class Writer(Protocol):
    """What an emitter may ask of the file."""

    def helper(self, name: str) -> str:
        """Copy a helper into the file; returns the function's name."""
        ...

    def extern(self, path: str, function: str) -> str:
        """The name of a function of a Python file, which the file imports."""
        ...

    def dim(self, symbol: str) -> str:
        """The Python expression of a symbolic axis's size."""
        ...


Emitter: TypeAlias = Callable[[Op, Writer, list[str]], str]
EMITTERS: Final[dict[str, Emitter]] = {}


def emits(*names: str) -> Callable[[Emitter], Emitter]:
    """Enter an emitter in the table, for one op or for several."""

    def enter(emitter: Emitter) -> Emitter:
        for name in names:
            EMITTERS[name] = emitter
        return emitter

    return enter


def emits_functions(**functions: str) -> None:
    """Enter ops that are one JAX function of their operands: `exp="jnp.exp"`."""

    def emit(op: Op, w: Writer, args: list[str]) -> str:
        return f"{functions[op.name]}({', '.join(args)})"

    EMITTERS.update(dict.fromkeys(functions, emit))


def emits_calls(*attrs: str, **functions: str) -> None:
    """Enter ops that are one JAX function, which takes attributes by name.

    Args:
        attrs: The attributes.
        functions: The function of each op: `sort="jnp.sort"`.
    """

    def emit(op: Op, w: Writer, args: list[str]) -> str:
        given = [f"{name}={literal(op.attrs[name])}" for name in attrs]
        return f"{functions[op.name]}({', '.join([*args, *given])})"

    EMITTERS.update(dict.fromkeys(functions, emit))


def emits_operators(**operators: str) -> None:
    """Enter ops that are one Python operator between their operands: `add="+"`."""

    def emit(op: Op, w: Writer, args: list[str]) -> str:
        return f"{args[0]} {operators[op.name]} {args[1]}"

    EMITTERS.update(dict.fromkeys(operators, emit))


def emits_helper(name: str, *attrs: str, **defaults: Attr) -> None:
    """Enter an op that is one helper of the same name.

    Args:
        name: The op and the helper.
        attrs: The attributes that the helper takes behind the operands, by their names.
        defaults: What the helper itself takes some of them to be, so that it is left out;
            a tuple may be given as the one number that fills it.
    """

    def emit(op: Op, w: Writer, args: list[str]) -> str:
        given = [
            f"{key}={literal(op.attrs[key])}"
            for key in attrs
            if key not in defaults or not _is(op.attrs[key], defaults[key])
        ]
        return f"{w.helper(op.name)}({', '.join([*args, *given])})"

    EMITTERS[name] = emit


def _is(value: Attr, default: Attr) -> bool:
    if isinstance(value, tuple) and not isinstance(default, tuple):
        return all(item == default for item in value)
    return value == default


def literal(value: object) -> str:
    """A number, string or tuple as Python; negative numbers in parentheses."""
    if isinstance(value, str):
        text = ascii(value)
        return text if '"' in text else f'"{text[1:-1]}"'
    if isinstance(value, tuple):
        items = ", ".join(map(_bare, cast("tuple[object, ...]", value)))
        return f"({items},)" if len(cast("tuple[object, ...]", value)) == 1 else f"({items})"
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return f'float("{text}")'
    if text.startswith("-"):
        return f"({text})"
    return text


def _bare(value: object) -> str:
    """A part of a tuple, where a negative number needs no parentheses."""
    text = literal(value)
    return text[1:-1] if isinstance(value, (int, float)) and text.startswith("(") else text


def jax_dtype(attr: Attr) -> str:
    """An element type as JAX has it: `jnp.float32`."""
    return f"jnp.{JAX_DTYPES[cast('str', attr)]}"
