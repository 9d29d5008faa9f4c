"""The picture of a model: what is in it, and how it is drawn."""

from kspec.graph.model import Edge, Graph, Node, graph_of
from kspec.graph.svg import draw

__all__ = ["Edge", "Graph", "Node", "draw", "graph_of"]
