"""The picture of a model as text for other tools: Graphviz' DOT, and Mermaid."""

from __future__ import annotations

from typing import Final

from kspec.graph.model import Graph, Node

_SHAPES: Final = {"input": "ellipse", "layer": "box", "output": "ellipse"}
_MERMAID: Final = {"input": ("([", "])"), "layer": ("[", "]"), "output": ("([", "])")}


def dot(graph: Graph) -> str:
    """The graph in Graphviz' language."""
    lines = ["digraph model {", '  node [fontname="sans-serif"];']
    for node in graph.nodes:
        lines.append(f"  n{node.id} [shape={_SHAPES[node.kind]}, label={_dot(_label(node))}];")
    for edge in graph.edges:
        lines.append(f"  n{edge.source} -> n{edge.target} [label={_dot(edge.label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for node in graph.nodes:
        left, right = _MERMAID[node.kind]
        lines.append(f"  n{node.id}{left}{_mermaid(_label(node))}{right}")
    for edge in graph.edges:
        lines.append(f"  n{edge.source} -->|{_mermaid(edge.label)}| n{edge.target}")
    return "\n".join(lines) + "\n"


def _label(node: Node) -> str:
    shown = node.kind == "layer" and node.subtitle
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
