"""Signatures: what kspec takes, Keras takes, in that order and with those defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from kspec.registry import Definition, names
from tests.parity.harness import keras

HOMES = {
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "activation": keras.activations,
}
# Keras' classes by their names without capitals: Conv2DTranspose is conv2d_transpose.
CLASSES = {
    kind: {name.lower(): thing for name, thing in vars(home).items() if inspect.isclass(thing)}
    for kind, home in HOMES.items()
}
# kind, name, argument: why the default differs from Keras'.
OTHER_DEFAULT = {
    ("layer", f"global_{rule}_pooling{rank}d", "keepdims"): "Keras hides it behind **kwargs"
    for rule in ("average", "max")
    for rank in (2, 3)
}
# kind, argument: why Keras' signatures do not have it.
OURS_ALONE = {("optimizer", "exclude_from_weight_decay"): "Keras has a method of that name"}
# What Keras takes in a call, kspec takes with the other arguments.
OTHER_DEFAULT |= {
    ("layer", name, option): "an argument of the call in Keras"
    for name in ("attention", "additive_attention", "multi_head_attention", "group_query_attention")
    for option in ("return_attention_scores", "use_causal_mask")
}
OTHER_DEFAULT |= {
    ("layer", f"conv_lstm{rank}d", "unroll"): "Keras hides it behind **kwargs" for rank in (1, 2, 3)
}
OTHER_DEFAULT["layer", "reversible_embedding", "reverse"] = "an argument of the call in Keras"
OTHER_DEFAULT["layer", "category_encoding", "num_tokens"] = "Keras refuses its default, None"
OWN = {  # what Keras has not
    ("initializer", "forget_bias"): "what unit_forget_bias of lstm stands for",
    ("layer", "random_affine"): "what ImageDataGenerator does, in one resampling",
}
ALL = [
    (kind, name, cls)
    for kind in HOMES
    for name, cls in names(kind).items()
    if (kind, name) not in OWN
]


def keras_signature(kind: str, name: str) -> dict[str, Any]:
    """Keras' arguments with their defaults."""
    if kind == "activation":
        thing = getattr(keras.activations, name)
    else:
        thing = CLASSES[kind][name.replace("_", "")]
    parameters = inspect.signature(thing).parameters
    return {key: p.default for key, p in parameters.items() if p.kind is not p.VAR_KEYWORD}


ALIASES = {
    "uniform": "random_uniform",
    "Zeros": "zeros",
}  # names that Keras resolves to longer ones


def plain(value: object) -> object:
    """A default as Keras writes it."""
    if isinstance(value, Definition):
        return value.name
    return value


def filler(value: object) -> object:
    """What fills a tuple of one number: Keras takes 2 for (2, 2), too."""
    if isinstance(value, tuple) and value and all(item == value[0] for item in value):
        return value[0]
    return value


@pytest.mark.parametrize(
    ("kind", "name", "cls"), ALL, ids=lambda v: v if isinstance(v, str) else ""
)
def test_arguments_have_keras_names_order_and_defaults(kind, name, cls):
    theirs = keras_signature(kind, name)
    ours = [
        arg
        for arg in cls.args
        if (kind, name, arg.name) not in OTHER_DEFAULT and (kind, arg.name) not in OURS_ALONE
    ]
    assert [arg.name for arg in ours] == [key for key in theirs if key in {a.name for a in ours}]
    for arg in ours:
        expected = theirs[arg.name]
        if expected is inspect.Parameter.empty:
            assert arg.required, arg.name
            continue
        assert not arg.required, arg.name
        given = plain(arg.default)
        expected = ALIASES.get(expected, expected) if isinstance(expected, str) else expected
        assert given in (expected, filler(expected)), f"{arg.name}: {given!r}, not {expected!r}"
