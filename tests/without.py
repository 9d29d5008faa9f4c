"""Programs with a pass left out, to hold those that have it against."""

from __future__ import annotations

from typing import Any

from kspec.api import Program, compile_text
from kspec.codegen.module import generate
from kspec.ir import Module
from kspec.passes import PIPELINE, Pass, optimize, stages


def without(left_out: Pass, module: Module) -> Module:
    """The module after all other passes."""
    return optimize(module, others(left_out))


def others(left_out: Pass) -> tuple[Pass, ...]:
    """All passes but one."""
    return tuple(run for run in PIPELINE if run is not left_out)


def program_without(left_out: Pass, text: str) -> Program:
    """A spec, compiled with all other passes."""
    program = compile_text(text)
    found = stages(program.compiled.program.module, others(left_out))
    program.compiled.__dict__["stages"] = {stage.name: stage for stage in found}
    return program


def namespace(module: Module) -> dict[str, Any]:
    """The names of the generated file."""
    found: dict[str, Any] = {}
    exec(generate(module, "x.kspec"), found)
    return found


def learned(made: dict[str, Any], state: Any) -> Any:
    """What a state has learned by path, whether or not the program keeps it in stacks."""
    return made.get("unstack_weights", dict)(state["params"])
