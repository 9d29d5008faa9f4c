"""Ops take what those of Keras take, and each op of Keras is here or left out for a reason."""

from __future__ import annotations

import inspect

import pytest

from kspec.registry import names
from tests.parity.harness import keras
from tests.parity.left_out import OPS, elsewhere

# Operands, which a spec gives first, and what means nothing here.
NOT_ARGUMENTS = {"dtype", "sparse", "data_format", "synchronized", "kwargs"}
LEFT_OUT = {
    ("isin", "assume_unique"): "makes it faster for some backends, never another",
    ("linspace", "retstep"): "gives several tensors",
    ("linspace", "axis"): "start and stop are numbers",
    ("logspace", "axis"): "start and stop are numbers",
    ("geomspace", "axis"): "start and stop are numbers",
}
OTHER_DEFAULT = {
    ("multi_hot", "num_classes"): "Keras refuses its own default",
}


@pytest.mark.parametrize(("name", "cls"), list(names("op").items()))
def test_ops_take_what_keras_takes(name, cls):
    parameters = inspect.signature(getattr(keras.ops, name)).parameters
    theirs = [p for p in parameters.values() if p.kind is not p.VAR_KEYWORD]
    if name == "einsum":
        theirs = [p for p in theirs if p.kind is not p.VAR_POSITIONAL]
    elif name == "slice_update":
        theirs = [p for p in theirs if p.name == "start_indices"]
    else:
        theirs = theirs[1 if cls.variadic else cls.operands :]
    own = {arg.name for arg in cls.args}
    wanted = [
        p
        for p in theirs
        if p.name in own or (p.name not in NOT_ARGUMENTS and (name, p.name) not in LEFT_OUT)
    ]
    assert [arg.name for arg in cls.args] == [p.name for p in wanted]
    for arg, parameter in zip(cls.args, wanted, strict=True):
        if (name, arg.name) in OTHER_DEFAULT:
            continue
        assert arg.required == (parameter.default is inspect.Parameter.empty), arg.name
        assert arg.required or arg.default == parameter.default, arg.name


def test_every_op_of_keras_is_here_or_left_out_for_a_reason():
    public = {name for name in dir(keras.ops) if not name.startswith("_")}
    here = set(names("op"))
    moved = {name for name in public if elsewhere(name)}
    assert here | moved | set(OPS) == public
    assert not here & set(OPS) and not moved & set(OPS) and not here & moved
