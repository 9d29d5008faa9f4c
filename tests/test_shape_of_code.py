"""Whatever the names, numbers and strings of a spec are, its program keeps its shape."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

import kspec
from kspec.diagnostics import SpecError

TEXT = """
param size : int = {size}

block Own(units, label = "{string}") {{
  input {operand} : f32[..., D]
  weight {weight} : f32[D, units]
  if label == "never" {{ {operand} = {operand} -> relu }}
  output {operand} @ {weight}  # {comment}
}}

model {model}(rate = {rate}) {{
  input {name} : f32[8]
  share {shared} = dense(  # {comment}
    size, relu,
    name="inner")
  {between} = {name} -> {shared} -> dropout(rate) -> Own(4, "{string}")
  output {output} = {between} * {factor} -> dense(2)
}}
"""
SLOTS = ("operand", "weight", "name", "shared", "between", "output")
IDENTIFIERS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = {slot: f"{slot}_0" for slot in SLOTS} | {
    **{"size": 3, "rate": 0.5, "factor": 1.5, "string": "s", "comment": "c", "model": "Net"}
}


def escaped(text: str) -> str:
    """As the inside of a string of the language."""
    for char, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, code)
    return text


class Shape(ast.NodeTransformer):
    """Names by the order in which they come, constants by their types."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.seen: dict[str, str] = {}

    def _word(self, name: str) -> str:
        stem = name.rstrip("0123456789_")
        if not any(name.startswith(each) or stem.startswith(each) for each in self.own):
            return name
        return "own"

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A variable."""
        return ast.Name(self._word(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """A parameter."""
        return ast.arg(self._word(node.arg))

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A number or string."""
        return ast.Constant(type(node.value).__name__)


def shape(values: dict[str, object]) -> str | None:
    """The shape of the program; None where the spec has a mistake."""
    try:
        source = kspec.compile_text(TEXT.format(**values)).source
    except SpecError:
        return None
    own = {str(values[slot]) for slot in SLOTS}
    return ast.dump(Shape(own).visit(ast.parse(source)))


WANTED = shape(PLAIN)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(IDENTIFIERS, min_size=len(SLOTS), max_size=len(SLOTS), unique=True),
    st.integers(1, 4000),
    st.floats(0.01, 0.99),
    st.floats(1.1, 1e30),  # a factor of 1 is folded away
    STRINGS,
    STRINGS,
)
def test_names_numbers_and_strings_leave_the_shape(names, size, rate, factor, string, comment):
    values = PLAIN | {
        slot: f"v{index}_{name}"
        for index, (slot, name) in enumerate(zip(SLOTS, names, strict=True))
    }
    values |= {"size": size, "rate": rate, "factor": factor, "string": escaped(string)}
    values["comment"] = "".join(comment.split("\n"))
    found = shape(values)
    assert found is None or found == WANTED


def test_the_shape_is_there():
    assert WANTED is not None
    assert shape(PLAIN | {"size": 9, "string": "'+evil()+'", "comment": '""" evil'}) == WANTED
    assert shape(PLAIN | {"string": "never"}) != WANTED  # a branch is taken: another program
