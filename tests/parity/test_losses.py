"""Losses: values and gradients of Keras, behind an activation, without one, in short batches."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import jax
import numpy as np
import pytest

from kspec.passes.fuse_softmax_crossentropy import FUSIBLE
from kspec.registry import names
from tests.parity import losses
from tests.parity.harness import Figure, close, floats, keras, loss_and_gradient, program, spell
from tests.parity.losses import ROWS, VECTOR, Case, Cases

FAMILIES: dict[str, Cases] = {
    family.name: importlib.import_module(f"tests.parity.losses.{family.name}").CASES
    for family in pkgutil.iter_modules(losses.__path__)
}
CASES: Cases = {name: cases for table in FAMILIES.values() for name, cases in table.items()}
FAMILY = {name: family for family, table in FAMILIES.items() for name in table}
ALL = [(name, case) for name, cases in CASES.items() for case in cases]
BEHIND = [(name, case) for name, case in ALL if case.behind != "linear"]
# What the compiler sees through; of each other loss one case.
FUSED = [(name, case) for name, case in BEHIND if name in FUSIBLE]
ONCE = list({name: (name, case) for name, case in BEHIND if name not in FUSIBLE}.values())
# Losses that clip probabilities.
CLIPPED = [
    (name, case)
    for name, case in BEHIND
    if ("crossentropy" in name or name == "kl_divergence") and case.shape == VECTOR
]


def identify(value: Any) -> str:
    """`huber(delta=0.3) i32[] linear (5,)`."""
    if isinstance(value, Case):
        return f"({spell(value.args)}) {value.field} {value.behind} {value.shape}"
    return str(value)


def test_every_loss_and_argument_is_here():
    assert set(CASES) == set(names("loss")) == {name for name, _ in FUSED + ONCE}
    for name, cls in names("loss").items():
        tried = {key for case in CASES[name] for key in case.args}
        assert tried == {arg.name for arg in cls.args}, name


def predictions(case: Case, seed: int = 0) -> np.ndarray:
    """Numbers that the loss takes."""
    x = floats(ROWS, *case.shape, seed=seed)
    return np.asarray(getattr(keras.activations, case.behind)(x))


def certain(case: Case) -> np.ndarray:
    """Probabilities of 0 and 1."""
    x = floats(ROWS, *case.shape)
    sure = np.eye(case.shape[-1])[x.argmax(-1)] if case.behind == "softmax" else x > 0
    return sure.astype(np.float32)


def compare(name: str, case: Case, x: np.ndarray, behind: str = "linear") -> None:
    """Loss and gradient of `behind(x)`, against Keras'.

    Three rows more than Keras gets fill the batch up: the mask leaves them out.
    """
    call = f"{name}(truth, p{spell(case.args, ', ')})"
    shape = list(case.shape)
    output = "x" if behind == "linear" else f"x -> {behind}"
    run = program(
        f"  input x : f32{shape}\n  output p = {output}",
        f"  loss = {call}\n  optimizer = sgd(0.1)",
        f"  x : f32{shape}\n  truth : {case.field}",
    )
    others = case.truth[2::-1]
    others = others - 3 if "hinge" in name else others  # no longer bits
    batch = {
        "x": np.concatenate([x, predictions(case, seed=8)[:3]]),
        "truth": np.concatenate([case.truth, others]),
    }
    mask = np.repeat(np.array([1, 0], np.float32), [ROWS, 3])
    ours, gradient = loss_and_gradient(run, batch, "x", mask)
    loss = case.loss(**case.args)
    activation = getattr(keras.activations, behind)
    slope = jax.jit(jax.value_and_grad(lambda x: loss(case.truth, activation(x))))
    theirs, expected = slope(x)
    family = FAMILY[name]
    close(ours, theirs, figure=Figure("loss", family))
    slopes = Figure("loss", family, "gradients")
    close(gradient[:ROWS], expected, 1e-4, 1e-6, figure=slopes)
    close(gradient[ROWS:], 0)


@pytest.mark.parametrize(("name", "case"), ALL, ids=identify)
def test_loss_of_plain_predictions_is_that_of_keras(name: str, case: Case):
    compare(name, case, predictions(case))


@pytest.mark.parametrize(("name", "case"), FUSED + ONCE, ids=identify)
def test_loss_behind_its_activation_is_that_of_keras(name: str, case: Case):
    """The compiler takes some of these from logits, Keras from clipped probabilities."""
    compare(name, case, floats(ROWS, *case.shape), case.behind)


@pytest.mark.parametrize(("name", "case"), CLIPPED, ids=identify)
def test_loss_of_certain_predictions_is_clipped_as_in_keras(name: str, case: Case):
    """Probabilities of 0 and 1 give a finite loss, unless the compiler has the logits."""
    compare(name, case, certain(case))
