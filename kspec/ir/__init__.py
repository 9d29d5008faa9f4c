"""The intermediate representation: typed tensors, ops, functions, modules."""

from kspec.ir.builder import Builder, Part
from kspec.ir.core import Attr, Call, Func, Module, Op, Phase, TrainSettings, Value, Weight
from kspec.ir.flops import flops_of
from kspec.ir.ops import OPS, TypeRuleError
from kspec.ir.ops.recurrent import RECURRENT
from kspec.ir.ops.spatial import CONVOLUTIONS
from kspec.ir.paths import Rounds, alike_layers, alike_parts, common_part, matches, rounds_of
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
    bound_of,
    ragged,
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
    "RECURRENT",
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
    "Rounds",
    "Shape",
    "TensorType",
    "TrainSettings",
    "TypeRuleError",
    "Value",
    "Weight",
    "alike_layers",
    "alike_parts",
    "bound_of",
    "common_part",
    "flops_of",
    "matches",
    "ragged",
    "read",
    "read_call",
    "rounds_of",
    "show",
    "show_attr",
    "show_call",
    "verify",
]
