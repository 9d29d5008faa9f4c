"""Signatures: what kspec takes, Keras takes, in that order and with those defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from kspec.registry import Definition, names
from tests.parity.harness import keras

PASCAL = {
    "conv2d": "Conv2D",
    "max_pooling2d": "MaxPooling2D",
    "average_pooling2d": "AveragePooling2D",
    "global_average_pooling2d": "GlobalAveragePooling2D",
    "global_max_pooling2d": "GlobalMaxPooling2D",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "identity": "Identity",
    "auc": "AUC",
    "f_beta_score": "FBetaScore",
    "iou": "IoU",
    "binary_iou": "BinaryIoU",
    "mean_iou": "MeanIoU",
    "one_hot_iou": "OneHotIoU",
    "one_hot_mean_iou": "OneHotMeanIoU",
    "kl_divergence": "KLDivergence",
}
HOMES = {
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "initializer": keras.initializers,
    "activation": keras.activations,
}
# kind, name, argument: why the default differs from Keras'.
OTHER_DEFAULT = {
    ("layer", "global_average_pooling2d", "keepdims"): "Keras hides it behind **kwargs",
    ("layer", "global_max_pooling2d", "keepdims"): "Keras hides it behind **kwargs",
}
ALL = [(kind, name, cls) for kind in HOMES for name, cls in names(kind).items()]


def keras_signature(kind: str, name: str) -> dict[str, Any]:
    """Keras' arguments with their defaults."""
    if kind == "activation":
        thing = getattr(keras.activations, name)
    else:
        pascal = PASCAL.get(name, "".join(word.capitalize() for word in name.split("_")))
        thing = getattr(HOMES[kind], pascal)
    parameters = inspect.signature(thing).parameters
    return {key: p.default for key, p in parameters.items() if p.kind is not p.VAR_KEYWORD}


ALIASES = {"uniform": "random_uniform"}  # names that Keras resolves to longer ones


def plain(value: object) -> object:
    """A default as Keras writes it."""
    if isinstance(value, Definition):
        return value.name
    return value


@pytest.mark.parametrize(
    ("kind", "name", "cls"), ALL, ids=lambda v: v if isinstance(v, str) else ""
)
def test_arguments_have_keras_names_order_and_defaults(kind, name, cls):
    theirs = keras_signature(kind, name)
    ours = [arg for arg in cls.args if (kind, name, arg.name) not in OTHER_DEFAULT]
    assert [arg.name for arg in ours] == [key for key in theirs if key in {a.name for a in ours}]
    for arg in ours:
        expected = theirs[arg.name]
        if expected is inspect.Parameter.empty:
            assert arg.required, arg.name
            continue
        assert not arg.required, arg.name
        given = plain(arg.default)
        expected = ALIASES.get(expected, expected) if isinstance(expected, str) else expected
        same = given == expected or (isinstance(expected, int) and given == (expected, expected))
        assert same, f"{arg.name}: {given!r} here, {expected!r} in Keras"
