"""Cells on top of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

from kspec.ir import Builder, Shape, TensorType, TypeRuleError, Value
from kspec.layers.base import (
    Dims,
    Masked,
    Named,
    WeightSpec,
    arg,
    inner_specs,
    inner_weights,
    layer,
)
from kspec.layers.cells import Cell, Values, Weights
from kspec.registry import Example


@final
@layer("stacked_rnn_cells")
class StackedRNNCells(Cell):
    """Several cells as one: each gets the output of the one before. It goes into `rnn`.

    The states are those of the first cell, then of the second, and so on.
    """

    example = Example("x -> rnn(stacked_rnn_cells([gru_cell(4), gru_cell(2)]))", x="f32[8, 6]")

    shape = "batch *features -> batch *units"

    cells: tuple[Cell, ...] = arg(doc="The cells, a list.")

    def check(self) -> str | None:
        """One at least."""
        return None if self.cells else "it needs a cell"

    def _parts(self, step: Shape) -> Iterator[tuple[str, Cell, Shape, tuple[Shape, ...]]]:
        """Each cell with its prefix, the shape of its inputs, and those of its states."""
        for number, cell in enumerate(self.cells):
            states = cell.state_shapes(step)
            yield f"cell_{number}.", cell, step, states
            step = states[cell.output_state()]

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """Those of each cell."""
        del dims
        found: dict[str, WeightSpec] = {}
        for prefix, cell, step, _ in self._parts(types[0].shape):
            found |= inner_specs(cell, (TensorType("f32", step),), prefix)
        return found

    def state_shapes(self, step: Shape) -> tuple[Shape, ...]:
        """Those of all cells."""
        return tuple(shape for *_, states in self._parts(step) for shape in states)

    def output_state(self) -> int:
        """That of the last cell."""
        before = sum(_count(cell) for cell in self.cells[:-1])
        return before + self.cells[-1].output_state()

    def memory(self, b: Builder, step: Shape) -> Values:
        """That of all cells."""
        return tuple(v for _, cell, at, _ in self._parts(step) for v in cell.memory(b, at))

    def project(self, b: Builder, x: Value, weights: Weights) -> Values:
        """The first cell's part; the others' inputs are made step by step."""
        return self.cells[0].project(b, x, inner_weights(weights, "cell_0."))

    def advance(
        self, b: Builder, projected: Values, states: Values, weights: Weights, memory: Values
    ) -> tuple[Value, Values]:
        """One cell after the other."""
        new: list[Value] = []
        output = projected[0]
        for number, cell in enumerate(self.cells):
            own = inner_weights(weights, f"cell_{number}.")
            if number > 0:
                projected = cell.project(b, output, own)
            start, size = len(new), len(cell.memory(Builder(), output.type.shape))
            mine = states[start : start + _count(cell)]
            drawn, memory = memory[:size], memory[size:]
            output, changed = cell.advance(b, projected, mine, own, drawn)
            new += changed
        return output, tuple(new)

    def apply(
        self, b: Builder, operands: tuple[Masked, ...], weights: Weights, named: Named
    ) -> tuple[Masked, ...]:
        """It has no meaning alone. Raises TypeRuleError."""
        raise TypeRuleError("a stack of cells goes into `rnn(...)`")


def _count(cell: Cell) -> int:
    """How many states a cell has."""
    if isinstance(cell, StackedRNNCells):
        return sum(map(_count, cell.cells))
    return type(cell).states
