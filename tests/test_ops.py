"""Ops: every one has a type rule and an emitter, and JAX agrees with the rule."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from kspec.codegen.helpers import helper_texts
from kspec.codegen.ops import EMITTERS
from kspec.ir import JAX_DTYPES, KEY, Op, TensorType, Value
from kspec.ir.ops import OPS, TypeRuleError
from tests import ops
from tests.ops import Cases

BATCH = 3
CASES: Cases = {
    name: rows
    for family in pkgutil.iter_modules(ops.__path__)
    for name, rows in importlib.import_module(f"tests.ops.{family.name}").CASES.items()
}


class Writer:
    """Collects helpers, and takes the batch's size from its first operand."""

    def __init__(self) -> None:
        self.helpers: list[str] = []
        self.imports: list[str] = []

    def helper(self, name: str) -> str:
        self.helpers.append(name)
        return name

    def extern(self, path: str, function: str) -> str:
        self.imports.append(f"from tests.language.{path.removesuffix('.py')} import {function}")
        return function

    def dim(self, symbol: str) -> str:
        return f"a0.shape[{0 if symbol == 'B' else symbol}]"


def parse(text: str) -> TensorType:
    """`f32[B,4]` as a type."""
    dtype, axes = re.fullmatch(r"(\w+)\[(.*)\]", text).groups()
    return TensorType(dtype, tuple(int(a) if a.isdigit() else a for a in axes.split(",") if a))


def make(name: str, types: tuple[str, ...], attrs: dict[str, Any]) -> Op:
    """The op with all attributes, its results as the rule gives them."""
    row = OPS[name]
    operands = tuple(Value(f"a{i}", parse(text)) for i, text in enumerate(types))
    complete = {**row.defaults, **attrs}
    results = row.rule(tuple(value.type for value in operands), complete)
    return Op(name, operands, tuple(Value(f"r{i}", t) for i, t in enumerate(results)), complete)


def concrete(type: TensorType) -> jax.ShapeDtypeStruct:
    """The type with a batch of 3."""
    sizes = {"B": BATCH, "2B": 2 * BATCH, "3B": 3 * BATCH, "T": 6}
    shape = tuple(sizes.get(axis, axis) for axis in type.shape)
    dtype = jax.random.key(0).dtype if type.dtype == KEY else jnp.dtype(JAX_DTYPES[type.dtype])
    return jax.ShapeDtypeStruct(shape, dtype)


def function(op: Op) -> Any:
    """The emitted expression as a function."""
    writer = Writer()
    names = [value.name for value in op.args]
    expr = EMITTERS[op.name](op, writer, names)
    imports, texts = helper_texts(writer.helpers)
    lines = ["import jax", "import jax.numpy as jnp", *sorted(imports), *writer.imports, *texts]
    lines.append(f"def emitted({', '.join(names)}):\n    return {expr}")
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)
    return namespace["emitted"]


ROWS = [(name, *row) for name, rows in CASES.items() for row in rows]


@pytest.mark.parametrize(("name", "types", "attrs"), ROWS)
def test_jax_agrees_with_the_type_rule(name, types, attrs):
    op = make(name, types, attrs)
    given = jax.eval_shape(function(op), *(concrete(value.type) for value in op.args))
    given = given if isinstance(given, (tuple, list)) else (given,)
    expected = tuple(concrete(value.type) for value in op.results)
    shapes = [jnp.shape(each) if not hasattr(each, "shape") else each.shape for each in given]
    assert shapes == [each.shape for each in expected]
    if name != "constant":  # a bare number, which takes the type of what it meets
        assert [each.dtype for each in given] == [each.dtype for each in expected]


def test_every_op_has_a_rule_an_emitter_and_a_case():
    on_device = {name for name, row in OPS.items() if row.stage == "any"}  # regions: test_regions
    on_host = {name for name, row in OPS.items() if row.stage in ("host", "learn")}
    assert on_device | on_host == set(EMITTERS)
    assert on_device == set(CASES)


BAD = [
    ("add", ("f32[B,4]", "f32[B,3]"), {}, "do not broadcast: 4 meets 3"),
    ("add", ("f32[B,4]", "i32[B,4]"), {}, "different element types"),
    ("negative", ("bool[B]",), {}, "a number is needed"),
    ("relu", ("i32[B]",), {}, "i32"),
    ("divide", ("i32[B]", "i32[B]"), {}, "division"),
    ("matmul", ("f32[B,4]", "f32[5,2]"), {}, "4 columns meet 5 rows"),
    ("reshape", ("f32[B,6]",), {"shape": ("B", 4)}, "has not the elements"),
    (
        "extern",
        ("f32[B,3]",),
        {"path": "ops.py", "function": "f", "type": "f32[4] -> f32[4]"},
        "it takes f32[4], not f32[3]",
    ),
    (
        "extern",
        ("f32[5,B,4]",),
        {"path": "ops.py", "function": "f", "type": "f32[..., 4] -> f32[4]"},
        "the batch must be the first axis",
    ),
    (
        "extern",
        ("f32[B,4]", "f32[2B,4]"),
        {"path": "ops.py", "function": "f", "type": "f32[4], f32[4] -> f32[4]"},
        "its operands are of several batches",
    ),
    ("squeeze", ("f32[B,2]",), {"axis": 1}, "not of size 1"),
    ("concatenate", ("f32[B,2]", "f32[B,T]"), {"axis": 1}, "no fixed size"),
    ("take", ("f32[7,4]", "f32[B]"), {}, "a lookup"),
    ("sum", ("f32[B]",), {"axis": (1,)}, "no axis"),
    (
        "gru",
        ("f32[B,5,3]", "f32[3,12]", "f32[4,12]", "bool[B,4]"),
        {"bias": False, "initial_state": False, "mask": True, "reverse": False},
        "gru takes bool[B,5], not bool[B,4]",
    ),
    ("transpose", ("f32[B,2]",), {"permutation": (0, 0)}, "no order"),
    (
        "conv",
        ("f32[B,2,2,1]", "f32[3,3,1,8]"),
        {"strides": (1, 1), "padding": "valid", "dilation": (1, 1)},
        "does not fit into an axis of 2",
    ),
]


@pytest.mark.parametrize(("name", "types", "attrs", "reason"), BAD)
def test_rules_refuse_what_jax_would_refuse(name, types, attrs, reason):
    with pytest.raises(TypeRuleError, match=re.escape(reason)):
        make(name, types, attrs)
