"""The intermediate representation: typed tensors, ops, functions, modules."""

from kspec.ir.builder import Builder, Part
from kspec.ir.core import Attr, Call, Func, Module, Op, Phase, TrainSettings, Value, Weight
from kspec.ir.ops import OPS, TypeRuleError
from kspec.ir.ops.spatial import CONVOLUTIONS
from kspec.ir.paths import matches
from kspec.ir.read import BadText, read, read_call
from kspec.ir.text import show, show_attr, show_call
from kspec.ir.types import (
    BATCH,
    FLOATS,
    INTEGERS,
    JAX_DTYPES,
    KEY,
    STR,
    TABLE,
    Dim,
    Dtype,
    Shape,
    TensorType,
)
from kspec.ir.verify import InvalidIR, verify

__all__ = [
    "BATCH",
    "CONVOLUTIONS",
    "FLOATS",
    "INTEGERS",
    "JAX_DTYPES",
    "KEY",
    "OPS",
    "STR",
    "TABLE",
    "Attr",
    "BadText",
    "Builder",
    "Call",
    "Dim",
    "Dtype",
    "Func",
    "InvalidIR",
    "Module",
    "Op",
    "Part",
    "Phase",
    "Shape",
    "TensorType",
    "TrainSettings",
    "TypeRuleError",
    "Value",
    "Weight",
    "matches",
    "read",
    "read_call",
    "show",
    "show_attr",
    "show_call",
    "verify",
]
