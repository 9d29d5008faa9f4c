"""Find where a step first has no number: it is run again, line by line, and each is looked at.

The text of the program's own `train` runs, outside of `jit`, with a call around what each line
gives. So whatever a program has can be looked at, and a program that is not looked at has
nothing for it. The gradient is looked at from the loss back: to each line's result zeros are
added, and their gradient is that of the result.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import jax
import numpy as np

from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree

SEEN: Final = "kspec_seen"  # no value of a program has a name with a word of ours before it
_jax = cast("Any", jax)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is no number.

    Attributes:
        kind: `weight`, `field`, `value`, `gradient`, `gradient of a weight` or `update`.
        name: What it is called in the program.
        value: `nan`, `inf` or `-inf`.
        line: The line of the program that makes it; 0 for what none does.
        index: Where in the array the first one is.
    """

    kind: str
    name: str
    value: str
    line: int = 0
    index: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What a step runs on.

    Attributes:
        params: The weights that learn.
        rest: The other arguments of `train`, in their order.
    """

    params: Tree
    rest: tuple[Any, ...]


def first_bad(executable: Executable, text: str, train: str, step: Step) -> Found | None:
    """The first thing in the forward pass, or else in the backward pass; None where all is well.

    Args:
        executable: The program.
        text: Its text.
        train: The name of the function.
        step: Its arguments.
    """
    probed = _probed(executable, text, train)
    look = _Look(_function(text, train).body)
    loss, _ = probed(look)(step.params, *step.rest)
    if look.found is None and (bad := _bad(loss)) is not None:
        return Found("value", "loss", *bad)
    return look.found or _first_bad_gradient(probed, look, step)


def first_bad_leaf(kind: str, tree: Any) -> Found | None:
    """The first array of nested dicts with something that is no number."""
    for path, leaf in _jax.tree.leaves_with_path(tree):
        bad = _bad(leaf)
        if bad is not None:
            return Found(kind, ".".join(str(part.key) for part in path), bad[0], 0, bad[2])
    return None


class _Look:
    """Looks at what each line gives, and notes what could get a gradient."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self._body = body
        self.found: Found | None = None
        self.lines: list[tuple[int, str]] = []
        self.zeros: list[list[Any]] = []

    def user_of(self, line: int, name: str) -> int:
        """The line that uses what a line gives, if there is but one: its slope is at fault."""
        users: list[int] = []
        for each in self._body:
            if each.lineno > line:
                found = {(node.id, type(node.ctx)) for node in _names(each)}
                users += [each.lineno] if (name, ast.Load) in found else []
                if (name, ast.Store) in found:
                    break  # another value has the name from here on
        return users[0] if len(users) == 1 else line

    def __call__(self, line: int, name: str, value: Any) -> Any:
        self.lines.append((line, name))
        self.zeros.append([np.zeros(leaf.shape, leaf.dtype) for leaf in _floats(value)])
        for leaf in _floats(value):
            bad = _bad(leaf)
            if self.found is None and bad is not None:
                self.found = Found("value", name, bad[0], line, bad[2])
        return value


class _Add:
    """Adds zeros to what each line gives, whose gradients are then those of the results."""

    def __init__(self, zeros: list[list[Any]]) -> None:
        self._zeros: Iterator[list[Any]] = iter(zeros)

    def __call__(self, line: int, name: str, value: Any) -> Any:
        zeros = iter(next(self._zeros))

        def add(leaf: Any) -> Any:
            return leaf + next(zeros) if _is_float(leaf) else leaf

        return compat.tree_map(add, value)


def _first_bad_gradient(
    probed: Callable[[Any], Callable[..., Any]], look: _Look, step: Step
) -> Found | None:
    def loss(params: Any, zeros: Any) -> Any:
        return probed(_Add(zeros))(params, *step.rest)[0]

    weights, values = _jax.grad(loss, argnums=(0, 1))(step.params, look.zeros)
    for (line, name), leaves in reversed(list(zip(look.lines, values, strict=True))):
        for leaf in leaves:
            bad = _bad(leaf)
            if bad is not None:
                return Found("gradient", name, bad[0], look.user_of(line, name), bad[2])
    return first_bad_leaf("gradient of a weight", weights)


def _probed(executable: Executable, text: str, train: str) -> Callable[[Any], Callable[..., Any]]:
    """The function, by what is called with each line's number, name and result."""
    function = _function(text, train)
    function.body = [_wrapped(statement) for statement in function.body]
    module = ast.fix_missing_locations(ast.Module([function], []))
    code = compile(module, executable.__dict__["__file__"], "exec")

    def made(seen: Any) -> Callable[..., Any]:
        names = {**vars(executable), SEEN: seen}
        exec(code, names)  # the program's own text, which was inspected before it ran
        return names[train]

    return made


def _function(text: str, name: str) -> ast.FunctionDef:
    functions = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    (found,) = (node for node in functions if node.name == name)
    return found


def _names(statement: ast.stmt) -> list[ast.Name]:
    return [node for node in ast.walk(statement) if isinstance(node, ast.Name)]


def _wrapped(statement: ast.stmt) -> ast.stmt:
    """`h = f(x)` as `h = kspec_seen(12, "h", f(x))`; what takes a name out of it stays."""
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Name):
        return statement
    names = [node.id for node in ast.walk(statement.targets[0]) if isinstance(node, ast.Name)]
    name = next((each for each in names if each != "_"), "")
    if name in ("sums", "stats"):
        return statement  # what a metric adds up is no part of the step
    called = ast.Name(SEEN, ast.Load())
    given: list[ast.expr] = [ast.Constant(statement.lineno), ast.Constant(name), statement.value]
    statement.value = ast.copy_location(ast.Call(called, given, []), statement.value)
    return statement


def _is_float(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and _jax.numpy.issubdtype(leaf.dtype, np.floating)


def _floats(value: Any) -> Iterable[Any]:
    return [leaf for leaf in _jax.tree.leaves(value) if _is_float(leaf)]


def _bad(leaf: Any) -> tuple[str, int, tuple[int, ...]] | None:
    """The first number that is none, and where it is."""
    if not _is_float(leaf):
        return None
    array = np.asarray(leaf, np.float32)
    places = np.argwhere(~np.isfinite(array))
    if not len(places):
        return None
    index = tuple(int(place) for place in places[0])
    return str(float(array[index])), 0, index
