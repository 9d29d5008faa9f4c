"""A learning rate schedule as a Python file of its own, for what shows the rate."""

from __future__ import annotations

from typing import cast

from kspec.codegen import layout
from kspec.codegen.helpers import helper_texts
from kspec.ir import Call
from kspec.registry import make
from kspec.schedules.base import Schedule


class _Site:
    """`Emit` of a schedule that stands alone."""

    rate: str | None = None

    def __init__(self) -> None:
        self.helpers: set[str] = set()

    def helper(self, name: str) -> str:
        self.helpers.add(name)
        return name


def schedule_file(call: Call) -> str:
    """The text of a file with `rate`, a function from an update's number to its rate."""
    site = _Site()
    expression = cast("Schedule", make("schedule", call)).emit(site)
    imports, helpers = helper_texts(site.helpers)
    heading = "\n".join(sorted({"import optax", *imports}))
    assigned = "\n".join(layout.assign("rate", expression, 0))
    return "\n\n\n".join([heading, *helpers, assigned]) + "\n"
