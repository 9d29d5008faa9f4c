"""One IR function as the lines of a Python function's body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Protocol

from kspec.codegen import layout
from kspec.codegen.names import python_names
from kspec.codegen.ops import EMITTERS
from kspec.codegen.regions import region
from kspec.codegen.rounds import stack_rounds
from kspec.ir import Func, Op, Value

COMMENT_LIMIT = 60


class Shared(Protocol):
    """What functions ask of the file that they stand in."""

    def helper(self, name: str) -> str:
        """Copy a helper into the file; returns its name."""
        ...

    def extern(self, path: str, function: str) -> str:
        """The name of a function of a Python file, which the file imports."""
        ...


class Body:
    """Writes the ops of a function.

    Args:
        func: The function.
        fixed: Python expressions of parameters that the signature binds.
        weights: Python expressions of weights, such as `params["dense"]["kernel"]`.
        taken: Names that the file defines.
        file: What all functions of the file share.
        around: What the function stands in, if it is the body of an op.
    """

    def __init__(
        self,
        func: Func,
        fixed: Mapping[Value, str],
        weights: Mapping[Value, str],
        taken: Iterable[str],
        file: Shared,
        around: Body | None = None,
    ) -> None:
        self.func = func
        self.weights = weights
        self._taken = frozenset(taken)
        self._file = file
        self._around = around
        self.names = python_names(func, fixed, self._taken | self._seen_around())
        self.used = set(self.names.values()) | self._taken
        self._constants = {
            op.result: self._constant(op) for op in func.ops if op.name == "constant"
        }
        self.stacked: dict[Value, tuple[str, str]] = {}  # the tree of each, and the place in it
        self._read = {value for op in func.ops for value in op.uses}
        self._read.update(value for _, value in func.returns)
        # Where the size of a symbolic axis can be read, the best place last.
        known = around._dims.items() if around else ()
        self._dims: dict[str, list[str]] = {symbol: places[-1:] for symbol, places in known}

    def _seen_around(self) -> set[str]:
        """The names of the function around this one that it may use."""
        around = self._around
        if around is None:
            return set()
        sizes = {expr.partition(".")[0] for *_, expr in around._dims.values()}
        return sizes | {around.expr(value) for value in self.func.captured}

    def inner(self, body: Func) -> Body:
        """The writer of the body of an op."""
        return Body(body, {}, self.weights, self._taken, self._file, self)

    def expr(self, value: Value) -> str:
        """The Python expression of a value."""
        if value in self._constants:
            return self._constants[value]
        if value in self.weights:
            return self.weights[value]
        if value in self.stacked:
            return "".join(self.stacked[value])
        if value not in self.names and self._around is not None:
            return self._around.expr(value)
        return self.names[value]

    def targets(self, results: tuple[Value, ...]) -> list[str]:
        """What results are assigned to: names, and `_` for one of several that nothing reads."""
        alone = len(results) == 1
        return [self.names[v] if alone or v in self._read else "_" for v in results]

    def helper(self, name: str) -> str:
        """Copy a helper into the file; returns the function's name."""
        return self._file.helper(name)

    def extern(self, path: str, function: str) -> str:
        """The name of a function of a Python file."""
        return self._file.extern(path, function)

    def dim(self, symbol: str) -> str:
        """The size of a symbolic axis, from the operand that was used last and has it."""
        return self._dims[symbol][-1]

    def lines(self, indent: int = 1, *, comments: bool = True) -> list[str]:
        """The statements, each group behind a comment with its place in the spec."""
        lines: list[str] = []
        place = ""
        for value in self.func.params:
            self._see(value)
        for op in self.func.ops:
            if op.name == "constant":
                continue
            here = place_of(op)
            if op.body is not None and (lines or not comments):
                lines.append("")  # before the nested function, as formatters want it
            if comments and here and here != place:
                lines.append(f"{layout.INDENT * indent}# {here}")
            place = here or place
            lines += self._op(op, indent)
        return lines

    def _op(self, op: Op, indent: int) -> list[str]:
        for value in op.args:
            self._see(value)
        if op.body is not None:
            lines = region(op, self.inner(op.body), self, indent)
            self._bind(op.results)
            return lines
        if op.name == "stack_rounds":
            return stack_rounds(op, self, indent)
        expr = EMITTERS[op.name](op, self, [self.expr(value) for value in op.args])
        target = ", ".join(self.targets(op.results))
        types = ", ".join(str(value.type) for value in op.results)
        self._bind(op.results)
        return layout.assign(target, expr, indent, types)

    def _see(self, value: Value) -> None:
        for axis, size in enumerate(value.type.shape):
            if isinstance(size, str):
                place = f"{self.expr(value)}.shape[{axis}]"
                places = self._dims.setdefault(size, [])
                if place in places:
                    places.remove(place)
                places.append(place)

    def _bind(self, results: tuple[Value, ...]) -> None:
        """Names mean new values: what their sizes were before is no longer to be read there."""
        for value in results:
            lead = f"{self.names[value]}.shape["
            own = {size: axis for axis, size in enumerate(value.type.shape)}
            for symbol, places in self._dims.items():
                if symbol in own:
                    place = f"{lead}{own[symbol]}]"
                    new = [place if old.startswith(lead) else old for old in places]
                    places[:] = new if place in new else [place, *places]
                else:
                    places[:] = [old for old in places if not old.startswith(lead)]

    def _constant(self, op: Op) -> str:
        return EMITTERS["constant"](op, self, [])


def place_of(op: Op) -> str:
    """`digits.kspec:11  dense(512, relu)`."""
    if op.span is None:
        return ""
    name = PurePosixPath(op.span.source.name).name
    return layout.comment(f"{name}:{op.span.line}  {op.span.text}", COMMENT_LIMIT + len(name))
