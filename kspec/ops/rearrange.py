"""Axes split, moved and joined by a pattern of their names."""

from __future__ import annotations

import math
import re
from typing import ClassVar, Final, TypeAlias, final

from kspec.ir import Builder, Dim, TypeRuleError, Value
from kspec.ops.base import Operation, arg, batched, fixed, op
from kspec.registry import Example

__all__: list[str] = []

Groups: TypeAlias = list[list[str]]
_AXES: Final = re.compile(r"\w+|\([\w\s]+\)")


@final
@op("rearrange")
class Rearrange(Operation):
    """The axes split, moved and joined: `rearrange(x, "b (h p) w c -> b h (p w c)", p=2)`.

    Both sides name all axes, the batch among them. Names in parentheses are parts of one axis,
    the first the one that changes slowest. All parts but one of a side need their sizes.
    """

    example = Example('rearrange(x, "b (h p) c -> b h (p c)", p=2)', x="f32[6, 8]")

    free_args: ClassVar[bool] = True

    pattern: str = arg(doc="The axes before and after the arrow; sizes of parts stand behind it.")

    def check(self) -> str | None:
        """Sizes are numbers."""
        for name, size in self.extra.items():
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                return f"the size {name} must be a positive integer"
        return None

    def lower(self, b: Builder, *operands: Value) -> Value:
        """A reshape, a transposition, a reshape."""
        (x,) = operands
        before, after = self._sides()
        if len(before) != x.type.rank:
            raise TypeRuleError(f"{len(before)} axes are named, and {x.type} has {x.type.rank}")
        if batched(x) and before[0] != after[0]:
            raise TypeRuleError(f'the batch axis "{before[0][0]}" must stay first, by itself')
        sizes = self._sizes(x, before)
        old = [name for group in before for name in group]
        new = [name for group in after for name in group]
        if len(old) > len(before):
            x = b.op("reshape", x, shape=tuple(sizes[name] for name in old))
        if old != new:
            x = b.op("transpose", x, permutation=tuple(old.index(name) for name in new))
        if len(new) == len(after):
            return x
        return b.op("reshape", x, shape=tuple(_product(group, sizes) for group in after))

    def _sides(self) -> tuple[Groups, Groups]:
        left, arrow, right = self.pattern.partition("->")
        if not arrow:
            raise TypeRuleError(f'"{self.pattern}" has no arrow')
        sides: list[Groups] = []
        for side in (left, right):
            if _AXES.sub("", side).strip():
                raise TypeRuleError(f'"{side.strip()}" is no list of axes')
            sides.append([word.strip("()").split() for word in _AXES.findall(side)])
        names = [[name for group in side for name in group] for side in sides]
        if sorted(names[0]) != sorted(names[1]) or len(set(names[0])) != len(names[0]):
            raise TypeRuleError("each axis stands once on either side")
        return sides[0], sides[1]

    def _sizes(self, x: Value, before: Groups) -> dict[str, Dim]:
        """The size of each name; a part that has none gets what is left."""
        unknown = set(self.extra) - {name for group in before for name in group}
        if unknown:
            raise TypeRuleError(f"`{min(unknown)}` is no axis of the pattern")
        sizes: dict[str, Dim] = {}
        for axis, group in enumerate(before):
            if len(group) == 1 and group[0] not in self.extra:
                sizes[group[0]] = x.type.shape[axis]
                continue
            whole = fixed(x, axis)
            open_names = [name for name in group if name not in self.extra]
            known = math.prod(self.extra[name] for name in group if name in self.extra)
            if len(open_names) > 1:
                raise TypeRuleError(f"give the size of `{open_names[0]}` or `{open_names[1]}`")
            if whole % known or (not open_names and whole != known):
                raise TypeRuleError(f"{whole} elements do not divide into ({' '.join(group)})")
            rest = dict.fromkeys(open_names, whole // known)
            sizes |= {name: self.extra.get(name, rest.get(name)) for name in group}
        return sizes


def _product(group: list[str], sizes: dict[str, Dim]) -> Dim:
    """The size of an axis that is made of parts."""
    if len(group) == 1:
        return sizes[group[0]]
    parts: list[int] = []
    for name in group:
        size = sizes[name]
        if isinstance(size, str):
            raise TypeRuleError(f"the axis `{name}` has no fixed size, and one is needed here")
        parts.append(size)
    return math.prod(parts)
