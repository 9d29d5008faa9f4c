"""From the IR to boxes and arrows: a box for each layer, as the spec writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kspec.diagnostics import Span
from kspec.ir import BATCH, Func, Module, Op, TensorType, Value, Weight

CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes:
        id: Unique in the graph.
        title: The layer as the spec writes it.
        subtitle: The weights, or what kind of thing it is.
        kind: `input`, `layer` or `output`.
    """

    id: int
    title: str
    subtitle: str
    kind: str


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, with the shape of what goes along it."""

    source: int
    target: int
    label: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes in the order of the program, and arrows."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def shape_text(type: TensorType) -> str:
    """`8 x 8` for one example of `u8[B,8,8]`; a single number is `1`."""
    axes = type.shape[1:] if type.shape[:1] == (BATCH,) else type.shape
    return " \u00d7 ".join(map(str, axes)) or "1"


def graph_of(module: Module) -> Graph:
    """The boxes and arrows of a module before its passes, from inputs to outputs."""
    func = module.func("graph")
    outputs = [(name, v) for name, v in func.returns if name.startswith("output.")]
    groups = _groups(_needed(func, (value for _, value in outputs)))
    weights = {weight.value: weight for weight in module.weights}
    home: dict[Value, int] = {}
    nodes: list[Node] = []
    edges: list[Edge] = []
    made = {value for ops in groups for op in ops for value in op.results}
    read = {value for ops in groups for op in ops for value in op.uses}
    for value in func.params:
        if value in read and value not in made:
            home[value] = len(nodes)
            nodes.append(Node(len(nodes), value.name, "input", "input"))
    for ops in groups:
        number = len(nodes)
        nodes.append(Node(number, _title(ops), _subtitle(ops, weights), "layer"))
        edges += _edges_into(ops, number, home)
        home.update({value: number for op in ops for value in op.results})
    for name, value in outputs:
        number = len(nodes)
        nodes.append(Node(number, name.removeprefix("output."), "output", "output"))
        if value in home:
            edges.append(Edge(home[value], number, shape_text(value.type)))
    return Graph(tuple(nodes), tuple(edges))


def _needed(func: Func, results: Iterable[Value]) -> list[Op]:
    live = set(results)
    kept: list[Op] = []
    for op in reversed(func.ops):
        if not live.isdisjoint(op.results) and op.name != CONSTANT:
            live.update(op.uses)
            kept.append(op)
    return kept[::-1]


def _groups(ops: list[Op]) -> list[list[Op]]:
    """Ops in a row that come from the same call."""
    groups: list[list[Op]] = []
    last: Span | None = None
    for op in ops:
        if groups and op.span is not None and op.span is last:
            groups[-1].append(op)
        else:
            groups.append([op])
        last = op.span
    return groups


def _title(ops: list[Op]) -> str:
    span = ops[0].span
    return " ".join(span.text.split()) if span else ops[-1].name


def _subtitle(ops: list[Op], weights: Mapping[Value, Weight]) -> str:
    used = {
        weights[value].path: weights[value] for op in ops for value in op.uses if value in weights
    }
    if not used:
        return ""
    path = next(iter(used)).rpartition(".")[0]
    return f"{path}: {sum(weight.size for weight in used.values()):,} weights"


def _edges_into(ops: list[Op], number: int, home: dict[Value, int]) -> list[Edge]:
    edges: dict[int, Edge] = {}
    for op in ops:
        for value in op.uses:
            if value in home and home[value] not in edges:
                edges[home[value]] = Edge(home[value], number, shape_text(value.type))
    return list(edges.values())
