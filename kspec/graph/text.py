"""The picture of a model as text for other tools: Graphviz' DOT, and Mermaid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kspec.graph.model import Graph, Node, text_of
from kspec.ir import Part

_SHAPES: Final = {"input": "ellipse", "layer": "box", "block": "box3d", "output": "ellipse"}
_MERMAID: Final = {
    "input": ("([", "])"),
    "layer": ("[", "]"),
    "block": ("[[", "]]"),
    "output": ("([", "])"),
}


def dot(graph: Graph) -> str:
    """The graph in Graphviz' language."""
    lines = ["digraph model {", '  node [fontname="sans-serif"];']
    frame = Frames("subgraph cluster_{} {{\n  label={};", "}", _dot)
    for node in graph.nodes:
        lines += frame.around(node)
        lines.append(f"  n{node.id} [shape={_SHAPES[node.kind]}, label={_dot(_label(node))}];")
    lines += frame.close()
    for edge in graph.edges:
        lines.append(f"  n{edge.source} -> n{edge.target} [label={_dot(edge.label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    frame = Frames("subgraph g{} [{}]", "end", _mermaid)
    for node in graph.nodes:
        lines += frame.around(node)
        left, right = _MERMAID[node.kind]
        lines.append(f"  n{node.id}{left}{_mermaid(_label(node))}{right}")
    lines += frame.close()
    for edge in graph.edges:
        lines.append(f"  n{edge.source} -->|{_mermaid(edge.label)}| n{edge.target}")
    return "\n".join(lines) + "\n"


class Frames:
    """Writes the frames of opened blocks and loops around the boxes in them.

    Args:
        begin: How a frame begins, with its number and its title.
        end: How it ends.
        quoted: Writes a title.
    """

    def __init__(self, begin: str, end: str, quoted: Callable[[str], str]) -> None:
        self._begin, self._end, self._quoted = begin, end, quoted
        self._open: tuple[Part, ...] = ()
        self._count = 0

    def around(self, node: Node) -> list[str]:
        """What goes before a box: ends of frames that it is not in, and new ones."""
        same = [a for a, b in zip(self._open, node.inside, strict=False) if a is b]
        lines = [f"  {self._end}"] * (len(self._open) - len(same))
        for part in node.inside[len(same) :]:
            self._count += 1
            lines.append("  " + self._begin.format(self._count, self._quoted(text_of(part.span))))
        self._open = node.inside
        return lines

    def close(self) -> list[str]:
        """The ends of all frames that are open."""
        return [f"  {self._end}"] * len(self._open)


def _label(node: Node) -> str:
    shown = node.kind in ("layer", "block") and node.subtitle
    return f"{node.title}\n{node.subtitle}" if shown else node.title


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _mermaid(text: str) -> str:
    """Quoted, with everything that Mermaid or HTML would read as its own spelled out."""
    safe = "".join(
        char if char.isalnum() or char in " .,_-+*/=()[]:\u00d7\n" else f"#{ord(char)};"
        for char in text
    )
    return '"' + safe.replace("\n", "<br>") + '"'
