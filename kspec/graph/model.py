"""From the IR to boxes and arrows: a box for each layer, as the spec writes it.

Blocks, `share`d pipelines and loops are a box each, and are opened to a depth that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, TypeAlias

from kspec.diagnostics import Span
from kspec.ir import BATCH, Func, Module, Op, Part, TensorType, Value, Weight

Parts: TypeAlias = Mapping[Value, tuple[Part, ...]]

LENGTH_MASK: Final = "length_mask"
HIDDEN: Final = ("constant", LENGTH_MASK)  # ops that are no box; masks come from their inputs
DEEPEST: Final = 50_000  # no nesting is as deep: what is written out is bounded


@dataclass(frozen=True, slots=True)
class Node:
    """A box.

    Attributes:
        id: Unique in the graph.
        title: The layer, block or loop as the spec writes it.
        subtitle: The weights, or what kind of thing it is.
        kind: `input`, `layer`, `block` for one that is closed, or `output`.
        inside: The opened blocks and loops around it, outermost first.
    """

    id: int
    title: str
    subtitle: str
    kind: str
    inside: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, with the shapes of what goes along it."""

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


def graph_of(module: Module, parts: Parts, depth: int = 0) -> Graph:
    """The boxes and arrows of a program, from inputs to outputs.

    Args:
        module: The IR before its passes.
        parts: The parts of the model that each value was made in.
        depth: How many blocks and loops inside each other are opened.
    """
    func = module.func("graph")
    outputs = [(name, v) for name, v in func.returns if name.startswith("output.")]
    groups = _groups(_needed(func, (value for _, value in outputs)), parts, depth)
    weights = {weight.value: weight for weight in module.weights}
    home: dict[Value, int] = {}
    nodes: list[Node] = []
    edges: list[Edge] = []
    made = {value for ops in groups for op in ops for value in op.results}
    masks = {op.result: op.args[0] for op in func.ops if op.name == LENGTH_MASK}
    read = {masks.get(value, value) for ops in groups for op in ops for value in op.uses}
    for value in func.params:
        if value in read and value not in made:
            home[value] = len(nodes)
            nodes.append(Node(len(nodes), value.name, "input", "input"))
    home.update({mask: home[steps] for mask, steps in masks.items() if steps in home})
    for ops in groups:
        number = len(nodes)
        nodes.append(_node(number, ops, parts, depth, weights))
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
        if not live.isdisjoint(op.results) and op.name not in HIDDEN:
            live.update(op.uses)
            kept.append(op)
    return kept[::-1]


def _groups(ops: list[Op], parts: Parts, depth: int) -> list[list[Op]]:
    """Ops in a row that come from the same call, or from the same closed block."""
    groups: list[list[Op]] = []
    last: object = None
    for op in ops:
        around = _around(op, parts)
        call = parts.get(op.results[0], ())[len(around) :]
        box = around[depth] if len(around) > depth else call[0] if call else op.span
        if groups and box is not None and box is last:
            groups[-1].append(op)
        else:
            groups.append([op])
        last = box
    return groups


def _around(op: Op, parts: Parts) -> tuple[Part, ...]:
    """The blocks and loops that an op stands in, outermost first."""
    return tuple(part for part in parts.get(op.results[0], ()) if part.kind != "layer")


def _node(
    number: int, ops: list[Op], parts: Parts, depth: int, weights: Mapping[Value, Weight]
) -> Node:
    around = _around(ops[0], parts)
    if len(around) > depth:
        title, kind = text_of(around[depth].span), "block"
    else:
        title, kind = text_of(ops[0].span) or ops[-1].name, "layer"
    return Node(number, title, _subtitle(ops, weights), kind, around[:depth])


def text_of(span: Span | None) -> str:
    """A place's text on one line."""
    return " ".join(span.text.split()) if span else ""


def _subtitle(ops: list[Op], weights: Mapping[Value, Weight]) -> str:
    """Where the weights are, as far as their paths agree, and how many they are."""
    used = {
        weights[value].path: weights[value] for op in ops for value in op.uses if value in weights
    }
    if not used:
        return ""
    steps = zip(*map(_folders, used), strict=False)  # down the paths, as far as the shortest
    shared = list(takewhile(lambda words: len(set(words)) == 1, steps))
    path = ".".join(words[0] for words in shared)
    count = f"{sum(weight.size for weight in used.values()):,} weights"
    return f"{path}: {count}" if path else count


def _folders(path: str) -> list[str]:
    return path.split(".")[:-1]


def _edges_into(ops: list[Op], number: int, home: dict[Value, int]) -> list[Edge]:
    """An arrow from each box; what reads several results of one has all their shapes on it."""
    shapes: dict[int, dict[Value, str]] = {}
    for op in ops:
        for value in op.uses:
            if value in home:
                shapes.setdefault(home[value], {})[value] = shape_text(value.type)
    return [
        Edge(source, number, ", ".join(dict.fromkeys(texts.values())))
        for source, texts in shapes.items()
    ]
