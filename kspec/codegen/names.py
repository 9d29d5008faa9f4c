"""Python names for IR values: the author's words, reused once their value is dead."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Final

from kspec.ir import Func, Value

# Names that the file's own text uses inside functions.
RESERVED: Final = frozenset(
    {"batch", "float", "jax", "jnp", "key", "mask", "np", "optax", "optimizer", "params", "partial"}
    | {"state", "stats", "sums", "carry", "slices", "tables", "batches"}
    # Nobody should have to wonder what a call of these does.
    | {"compile", "eval", "exec", "getattr", "globals", "open", "setattr", "vars"}
)


def python_names(func: Func, fixed: Mapping[Value, str], taken: Iterable[str]) -> dict[Value, str]:
    """A name for each parameter and result of a function.

    A value takes its hint. Where a value of that name is still needed, it takes the next
    free `hint_2`, `hint_3`; an op may overwrite its own operand if that dies there.

    Args:
        func: The function.
        fixed: Parameters whose names are given; no other value gets one of these.
        taken: Names that the file defines.
    """
    last_use = _last_uses(func)
    blocked = {*RESERVED, *fixed.values(), *taken}
    names: dict[Value, str] = dict(fixed)
    busy: dict[str, int] = {}  # name -> index of the op that uses it last
    for value in func.params:
        if value not in fixed:
            names[value] = _pick(value.hint, busy, -1, blocked)
            busy[names[value]] = last_use.get(value, -1)
    for index, op in enumerate(func.ops):
        if op.name in ("constant", "stack_rounds"):  # written in place, and parts of a tree
            continue
        for value in op.results:
            names[value] = _pick(value.hint, busy, index, blocked)
            busy[names[value]] = last_use.get(value, index + 1)
    return names


def _last_uses(func: Func) -> dict[Value, int]:
    uses: dict[Value, int] = {}
    for index, op in enumerate(func.ops):
        for value in op.uses:
            uses[value] = index
    for _, value in func.returns:
        uses[value] = len(func.ops)
    return uses


def _pick(hint: str, busy: Mapping[str, int], index: int, blocked: Iterable[str]) -> str:
    base = safe(hint)
    name, number = base, 1
    while name in blocked or busy.get(name, -2) > index:
        number += 1
        name = f"{base}_{number}"
    return name


def safe(word: str) -> str:
    """A word as a Python identifier that is no keyword, builtin dunder or `_`."""
    word = re.sub(r"[^A-Za-z0-9_]", "_", word)
    if not word or word[0].isdigit() or word.startswith("_"):
        word = f"x{word}"
    return f"{word}_" if keyword.iskeyword(word) else word
