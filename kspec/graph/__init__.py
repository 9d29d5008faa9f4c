"""The picture of a model: what is in it, and how it is drawn."""

from kspec.graph.model import DEEPEST, Edge, Graph, Node, graph_of
from kspec.graph.svg import draw
from kspec.graph.text import dot, mermaid

__all__ = ["DEEPEST", "Edge", "Graph", "Node", "dot", "draw", "graph_of", "mermaid"]
