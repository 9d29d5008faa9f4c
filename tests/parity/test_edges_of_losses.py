"""Losses at their edges: what Keras leaves out, batches that mix, logits far away."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import kspec
from kspec.runtime.run import Run
from tests.parity.harness import close, floats, loss_and_gradient, probabilities, program
from tests.parity.losses import CLASSES, LABELS, ROWS, STEP_LABELS, STEPS, L


def trained(loss: str, shape: list[int], truth: str, output: str = "x", more: str = "") -> Run:
    """A model whose prediction `p` is `output`, with a loss of `truth` and `p`."""
    return program(
        f"  input x : f32{shape}\n  output p = {output}",
        f"  loss = {loss}\n  optimizer = sgd(0.1)\n{more}",
        f"  x : f32{shape}\n  truth : {truth}",
    )


def keras_gradient(loss: Any, truth: np.ndarray, x: np.ndarray) -> tuple[Any, Any]:
    """Keras' loss and its gradient to the predictions."""
    return jax.jit(jax.value_and_grad(lambda x: loss(truth, x)))(x)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_loss_from_far_logits_stays_exact(activation: str):
    """Where a clipped probability would lose the gradient, logits keep it."""
    sparse = activation == "softmax"
    name = "sparse_categorical_crossentropy" if sparse else "binary_crossentropy"
    truth = "i32[]" if sparse else f"f32[{CLASSES}]"
    run = trained(f"{name}(truth, p)", [CLASSES], truth, f"x -> {activation}")
    one_hot = np.eye(CLASSES, dtype=np.float32)[LABELS]
    x = -200 * one_hot
    batch = {"x": x, "truth": LABELS if sparse else one_hot}
    value, gradient = loss_and_gradient(run, batch, "x")
    rest = 200 + np.log(CLASSES - 1) if sparse else (200 + (CLASSES - 1) * np.log(2)) / CLASSES
    assert value == pytest.approx(rest, rel=1e-6)
    share = 1 if sparse else CLASSES
    assert np.abs(gradient).max() == pytest.approx(1 / ROWS / share, rel=1e-5)


def test_expressions_of_losses_add_up():
    """0.7 of one loss and another that mixes the batch, as Keras would weigh them."""
    run = trained("0.7 * dice(truth, p) + mean_absolute_error(truth, p)", [3, 2], "f32[3, 2]")
    x, truth = probabilities(ROWS, 3, 2), probabilities(ROWS, 3, 2, seed=1)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x")

    def total(truth: Any, x: Any) -> Any:
        return 0.7 * L.Dice()(truth, x) + L.MeanAbsoluteError()(truth, x)

    expected, slope = keras_gradient(total, truth, x)
    close(value, expected)
    close(gradient, slope, 1e-4, 1e-6)


def test_a_function_of_a_mixed_loss_has_finite_gradients_in_short_batches():
    """Rows that fill the batch up get the batch's number, not a 0 with an infinite slope."""
    run = trained("sqrt(dice(truth, p))", [4], "f32[4]")
    x, truth = probabilities(ROWS, 4), probabilities(ROWS, 4, seed=1)
    mask = np.array([1, 1, 1, 1, 0, 0], np.float32)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x", mask)
    expected, slope = keras_gradient(lambda t, x: L.Dice()(t, x) ** 0.5, truth[:4], x[:4])
    close(value, expected)
    close(gradient[:4], slope, 1e-4, 1e-6)
    close(gradient[4:], 0)


@pytest.mark.parametrize("loss", ["dice", "tversky", "circle", "hinge"])
def test_a_batch_without_examples_adds_nothing(loss: str):
    field = "i32[]" if loss == "circle" else "f32[4]"
    run = trained(f"{loss}(truth, p)", [4], field)
    truth = LABELS if loss == "circle" else probabilities(ROWS, 4)
    batch = {"x": probabilities(ROWS, 4), "truth": truth}
    value, gradient = loss_and_gradient(run, batch, "x", np.zeros(ROWS, np.float32))
    assert value == 0
    close(gradient, 0)


def test_ignoring_every_place_gives_0():
    run = trained("sparse_categorical_crossentropy(truth, p, ignore_class=7)", [CLASSES], "i32[]")
    x, truth = probabilities(ROWS, CLASSES), np.full(ROWS, 7, np.int32)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x")
    expected, slope = keras_gradient(L.SparseCategoricalCrossentropy(ignore_class=7), truth, x)
    assert value == expected == 0
    close(gradient, slope)


def test_ignored_places_may_predict_nothing():
    """Predictions that are all 0 have no probabilities; where they are ignored, that is fine."""
    call = "sparse_categorical_crossentropy(truth, p, ignore_class=0)"
    run = trained(call, [STEPS, CLASSES], f"i32[{STEPS}]")
    x = probabilities(ROWS, STEPS, CLASSES)
    x[STEP_LABELS == 0] = 0
    value, gradient = loss_and_gradient(run, {"x": x, "truth": STEP_LABELS}, "x")
    loss = L.SparseCategoricalCrossentropy(ignore_class=0)
    expected, slope = keras_gradient(loss, STEP_LABELS, x)
    close(value, expected)
    close(gradient, slope, 1e-4, 1e-6)


def test_ignored_places_are_those_of_the_real_rows_only():
    """The mean of a short batch: what its other rows ignore does not matter."""
    call = "sparse_categorical_crossentropy(truth, p, ignore_class=0)"
    run = trained(call, [STEPS, CLASSES], f"i32[{STEPS}]")
    x, truth = probabilities(ROWS, STEPS, CLASSES), STEP_LABELS.copy()
    truth[4:] = 0
    mask = np.array([1, 1, 1, 1, 0, 0], np.float32)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x", mask)
    loss = L.SparseCategoricalCrossentropy(ignore_class=0)
    expected, slope = keras_gradient(loss, truth[:4], x[:4])
    close(value, expected)
    close(gradient[:4], slope, 1e-4, 1e-6)


def test_class_numbers_along_another_axis_need_no_square():
    """Keras on JAX takes such only where all axes are of one size; the numbers are the same."""
    call = "sparse_categorical_crossentropy(truth, p, ignore_class=2, axis=1)"
    run = trained(call, [CLASSES, STEPS], f"i32[{STEPS}]", "softmax(x, axis=1)")
    x = floats(ROWS, CLASSES, STEPS)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": STEP_LABELS}, "x")
    loss = L.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)
    expected, slope = keras_gradient(loss, STEP_LABELS, x.swapaxes(1, 2))
    close(value, expected)
    close(gradient, slope.swapaxes(1, 2), 1e-4, 1e-6)
    assert "moveaxis(x, 1, -1)" in run.bundle.python


def test_circle_counts_examples_with_a_loss_only():
    """One class alone has no others, a class of one no alike: as in Keras their mean is 0."""
    run = trained("circle(truth, p)", [4], "i32[]")
    for truth in (np.zeros(ROWS, np.int32), np.arange(ROWS, dtype=np.int32)):
        x = probabilities(ROWS, 4)
        value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x")
        assert value == L.Circle()(truth, x) == 0
        close(gradient, 0)


def test_the_angle_of_nothing_has_a_finite_gradient():
    """Keras' gradient is not a number for a vector of zeros; its value is 0."""
    run = trained("cosine_similarity(truth, p)", [4], "f32[4]")
    x, truth = np.zeros((2, 4), np.float32), np.ones((2, 4), np.float32)
    value, gradient = loss_and_gradient(run, {"x": x, "truth": truth}, "x")
    assert value == L.CosineSimilarity()(truth, x) == 0
    assert np.isfinite(gradient).all()


def test_epochs_of_a_mixed_loss_are_those_of_keras():
    """Ten examples in batches of four: the mean of the batches' numbers, by their rows."""
    text = """
    data d {
      source = arrays()
      x : f32[3]
      truth : f32[3]
    }
    model M {
      input x : f32[3]
      output p = x -> sigmoid
    }
    train {
      model = M
      data = d
      loss = dice(truth, p)
      metrics = { overlap: tversky(truth, p, alpha=0.2) }
      optimizer = sgd(0.0)
      batch = 4
      shuffle = false
    }
    """
    x, truth = floats(10, 3), (floats(10, 3, seed=1) > 0).astype(np.float32)
    run = kspec.compile_text(text).fit(data={"train": {"x": x, "truth": truth}})
    p = 1 / (1 + np.exp(-x))
    for name, loss in (("loss", L.Dice()), ("overlap", L.Tversky(alpha=0.2))):
        each = [float(loss(truth[i : i + 4], p[i : i + 4])) for i in (0, 4, 8)]
        expected = np.average(each, weights=[4, 4, 2])
        close(run.history[0]["train"][name], expected)
        close(run.evaluate({"x": x, "truth": truth})[name], expected)
