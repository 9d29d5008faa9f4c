"""Functions of Python files, which the user has allowed: loaded, and held against the spec.

A program calls them with one example at a time. When such a call is traced, what the function
gives is compared with what the spec declares; and whatever it raises becomes a report.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from kspec import scripts
from kspec.diagnostics import Diagnostic, Span, SpecError
from kspec.diagnostics.errors import ExternChanged, ExternFailed, ExternNotAllowed
from kspec.externs import ExternPlan
from kspec.ir import JAX_DTYPES, TensorType, TypeRuleError
from kspec.runtime import compat
from kspec.runtime.bundle import Bundle
from kspec.runtime.executable import updates_of

if TYPE_CHECKING:
    from kspec.runtime.feed import Feed
    from kspec.runtime.loop import Batches
    from kspec.runtime.run import Run

Function = Callable[..., Any]
LONGEST: Final = 300  # characters of what Python says
_SHORT: Final = {long.rstrip("_"): short for short, long in JAX_DTYPES.items()}


def load(bundle: Bundle) -> Mapping[str, Mapping[str, Function]]:
    """The functions that the program imports, by module.

    Raises:
        SpecError: They may not run, their files are not those that were compiled, or they do
            not give what the spec declares.
    """
    plans = bundle.plan.externs
    if not bundle.allow_extern and plans:
        firsts = {plan.path: plan for plan in reversed(plans)}
        raise SpecError(
            tuple(
                ExternNotAllowed(span=_span(bundle, plan), path=plan.path, name=plan.function)
                for plan in sorted(firsts.values(), key=lambda plan: plan.path)
            )
        )
    same: dict[tuple[str, str], list[ExternPlan]] = {}  # two specs may declare one function
    for plan in plans:
        same.setdefault((plan.module, plan.function), []).append(plan)
    loaded: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, Function]] = {}
    for group in same.values():  # before any of them runs
        _check(bundle, group[0])
    for (module, name), group in same.items():
        if module not in loaded:
            loaded[module] = _run(bundle, group[0])
        function = found.setdefault(module, {})[name] = _checked(
            loaded[module].get(name), bundle, group
        )
        for call in (call for plan in group for call in plan.calls):
            compat.traced(function, *map(_struct, call))
    return found


def rehearse(run: Run, feed: Feed, plan: Batches) -> None:
    """Trace the steps of all phases that are left, gradients included. Raises SpecError."""
    bundle = run.bundle
    if not bundle.plan.externs:
        return
    rows, mask = plan.indices(0, 0, 1)
    for number in range(run.position.phase, len(bundle.plan.phases)):
        phase = bundle.plan.phases[number]
        updates = updates_of(run.executable, phase.name)
        state = run.state_like(number)
        batch = feed.batch("train", rows[0])
        with _reported(bundle, bundle.plan.externs):
            if phase.trunk:
                made = compat.traced(updates.trunk_step, state, batch)
                batch = {**{name: batch[name] for name in phase.trunk}, **made}
            compat.traced(updates.train_step, state, batch, mask[0])


def hashes(bundle: Bundle) -> dict[str, str]:
    """The hash of each Python file, by its path, for `run.json`."""
    return {plan.path: plan.sha256 for plan in bundle.plan.externs}


def compare(bundle: Bundle, recorded: object) -> None:
    """Hold the program's files against the hashes of `run.json`. Raises SpecError."""
    known = cast("dict[str, Any]", recorded) if isinstance(recorded, dict) else {}
    for plan in bundle.plan.externs:
        if known.get(plan.path) != plan.sha256:
            raise _changed(bundle, plan, "is not the file that the run began with")


def _run(bundle: Bundle, plan: ExternPlan) -> dict[str, Any]:
    """The names of a Python file, after it ran."""
    module = ModuleType(f"kspec_{plan.module}_{plan.sha256[:12]}")
    module.__file__ = plan.path
    sys.modules[module.__name__] = module  # dataclasses, for one, look for it there
    with _reported(bundle, [plan], "cannot be loaded"):
        text = bundle.files[plan.file].removeprefix("\ufeff")
        exec(compile(text, plan.path, "exec"), module.__dict__)
    return module.__dict__


def _check(bundle: Bundle, plan: ExternPlan) -> None:
    """Whether the file is the compiled one, and has the function: the plan may be changed, too."""
    text = bundle.files.get(plan.file)
    if text is None:
        raise _changed(bundle, plan, "is missing")
    if scripts.sha256(text) != plan.sha256:
        raise _changed(bundle, plan, "is not the file that was compiled")
    try:
        tree = scripts.parsed(text)
    except scripts.NotPython as error:
        raise _changed(bundle, plan, f"cannot be read: {error}") from None
    twice = scripts.rebound(tree, plan.function) is not None
    if plan.function not in scripts.functions(tree) or twice:
        raise _changed(bundle, plan, f"has no function `{plan.function}`")


def _checked(function: Any, bundle: Bundle, plans: Sequence[ExternPlan]) -> Function:
    """The function, which reports what it raises, and what it gives that it should not."""

    def call(*operands: Any) -> Any:
        types = tuple(map(_type, operands))
        got = " and ".join(map(_spell, types))
        plan = next((plan for plan in plans if _fits(plan, types)), None)
        if plan is None:  # two inputs whose sizes have one name
            raise _failed(bundle, plans[0], f"gets {got}", "that is not what it is declared for")
        with _reported(bundle, [plan]):
            results = function(*operands)
        wanted = plan.type.infer(types)
        several = len(wanted) > 1 and type(results) in (tuple, list)
        given = tuple(results) if several else (results,)
        shown = [_shown(each) for each in given]
        if shown != [_spell(type) for type in wanted]:
            given, wanted = " and ".join(shown), " and ".join(map(_spell, wanted))
            what = f"gives {given}, not {wanted}"
            raise _failed(bundle, plan, what, f"it was called with {got}")
        return results

    return functools.wraps(function)(call) if callable(function) else call


@contextmanager
def _reported(bundle: Bundle, plans: Sequence[ExternPlan], what: str = "fails") -> Generator[None]:
    """Report whatever code of the user raises. Raises SpecError."""
    try:
        yield
    except SpecError:
        raise
    except (Exception, SystemExit) as error:  # it may raise anything
        guilty, line = plans[0], None
        for plan in plans:
            at = _line(error.__traceback__, plan.path)
            if at is not None:
                guilty, line = plan, at
        text = str(error).strip().split("\n", 1)[0][:LONGEST]
        reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
        place = f" (line {line} of `{guilty.path}`)" if line else ""
        raise _failed(bundle, guilty, what, reason + place) from None


def _fits(plan: ExternPlan, types: tuple[TensorType, ...]) -> bool:
    """Whether it is declared for such operands; the compiler saw to it that one is."""
    try:
        plan.type.infer(types)
    except TypeRuleError:
        return False
    return True


def _line(trace: TracebackType | None, path: str) -> int | None:
    """The last line of a file that an error went through."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _type(operand: Any) -> TensorType:
    return TensorType(_dtype(operand), np.shape(operand))


def _dtype(value: Any) -> str:
    name = str(value.dtype)
    return _SHORT.get(name, name)


def _shown(result: Any) -> str:
    """What a function has given, in words."""
    if isinstance(result, (bool, int, float, np.ndarray, np.generic)):  # as JAX takes them
        result = compat.traced(lambda: result)
    if not hasattr(result, "dtype") or not hasattr(result, "shape"):
        name = type(result).__name__
        return "nothing" if result is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    return _spell(_type(result))


def _spell(type: TensorType) -> str:
    return f"{type.dtype}[{', '.join(map(str, type.shape))}]"


def _struct(type: TensorType) -> Any:
    shape = tuple(axis for axis in type.shape if isinstance(axis, int))
    return compat.shaped(shape, JAX_DTYPES[type.dtype].rstrip("_"))


def _span(bundle: Bundle, plan: ExternPlan) -> Span | None:
    """Where the spec names the function."""
    return Span(bundle.source, *plan.place) if plan.place else None


def _failed(bundle: Bundle, plan: ExternPlan, what: str, reason: str) -> SpecError:
    return _error(
        ExternFailed(
            span=_span(bundle, plan),
            name=plan.function,
            path=plan.path,
            what=what,
            type=str(plan.type),
            reason=reason,
        )
    )


def _changed(bundle: Bundle, plan: ExternPlan, what: str) -> SpecError:
    return _error(
        ExternChanged(
            span=_span(bundle, plan), file=plan.file, path=plan.path, name=plan.function, what=what
        )
    )


def _error(diagnostic: Diagnostic) -> SpecError:
    return SpecError((diagnostic,))
