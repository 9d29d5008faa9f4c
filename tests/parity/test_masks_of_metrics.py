"""Metrics of predictions with a mask of time steps, against a compiled model of Keras."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from tests.parity.harness import close, floats, keras, probabilities, program, spell
from tests.parity.layers import K
from tests.parity.test_recurrent import copy_in_order

ROWS, BATCH, T, C = 11, 4, 5, 3  # the last batch has three
RNG = np.random.default_rng(4)
WORDS = RNG.integers(0, 4, (ROWS, T)).astype(np.int32)  # 0 is padding
CLASSES = RNG.integers(0, C, (ROWS, T)).astype(np.int32)
BITS = np.eye(C, dtype=np.float32)[CLASSES]
SPREAD = probabilities(ROWS, T, C)
WEIGHTS = RNG.uniform(0.5, 2, ROWS).astype(np.float32)

# What truth is, and Keras' arguments.
METRICS: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "accuracy": (BITS, {}),
    "auc": (BITS, {}),
    "binary_accuracy": (BITS, {}),
    "binary_crossentropy": (BITS, {}),
    "categorical_accuracy": (BITS, {}),
    "categorical_crossentropy": (BITS, {}),
    "categorical_hinge": (BITS, {}),
    "concordance_correlation": (SPREAD, {}),
    "cosine_similarity": (BITS, {}),
    "hinge": (BITS, {}),
    "kl_divergence": (SPREAD, {}),
    "log_cosh_error": (BITS, {}),
    "mean_absolute_error": (BITS, {}),
    "mean_absolute_percentage_error": (SPREAD, {}),
    "mean_squared_error": (BITS, {}),
    "mean_squared_logarithmic_error": (BITS, {}),
    "pearson_correlation": (SPREAD, {}),
    "poisson": (SPREAD, {}),
    "precision": (BITS, {}),
    "root_mean_squared_error": (BITS, {}),
    "sparse_categorical_accuracy": (CLASSES, {}),
    "sparse_categorical_crossentropy": (CLASSES, {}),
    "sparse_top_k_categorical_accuracy": (CLASSES, {"k": 2}),
    "squared_hinge": (BITS, {}),
    "top_k_categorical_accuracy": (BITS, {"k": 2}),
    "true_positives": (BITS, {}),
}


def classes(name: str) -> Any:
    """Keras' class of a metric."""
    found = {n.lower(): cls for n, cls in vars(keras.metrics).items() if isinstance(cls, type)}
    return found[name.replace("_", "")]


def theirs(metrics: dict[str, Any], kind: str, table: np.ndarray) -> dict[str, float]:
    """What `evaluate` of Keras says, one metric after the other."""
    words = keras.Input((T,), dtype="int32")
    layer = K.Embedding(4, C, mask_zero=True)
    model = keras.Model(words, K.Activation("softmax")(layer(words)))
    layer.set_weights([table])
    found: dict[str, float] = {}
    for name, metric in metrics.items():
        model.compile(optimizer="sgd", loss="mse", **{kind: [metric]})
        truth = METRICS[name][0]
        weights = None
        if kind == "weighted_metrics":  # one for each time step: Keras does not spread them itself
            weights = np.broadcast_to(WEIGHTS[:, None], (ROWS, T))
        if name.startswith("sparse"):  # with the weights of mse, which takes one number a class
            model.compile(
                optimizer="sgd", loss="sparse_categorical_crossentropy", **{kind: [metric]}
            )
        given = model.evaluate(WORDS, truth, BATCH, 0, weights, return_dict=True)
        (found[name],) = (value for key, value in given.items() if key != "loss")
    return found


@pytest.mark.parametrize("kind", ["metrics", "weighted_metrics"])
def test_metrics_leave_out_the_steps_that_keras_leaves_out(kind: str):
    table = floats(4, C, seed=2)
    calls = {
        name: f"{name}({_field(truth)}, p{spell(args, ', ')})"
        for name, (truth, args) in METRICS.items()
    }
    run = program(
        f"  input words : i32[{T}]\n"
        f"  output p = words -> embedding(4, {C}, mask_zero=true) -> activation(softmax)",
        "  loss = mean_squared_error(bits, p)\n  optimizer = sgd(0.1)\n  batch = 4\n"
        "  sample_weight = weight\n"
        f"  {kind} = {{\n" + "".join(f"    {n}: {c}\n" for n, c in calls.items()) + "  }",
        f"  words : i32[{T}]\n  weight : f32\n  classes : i32[{T}]\n"
        f"  bits : f32[{T}, {C}]\n  spread : f32[{T}, {C}]",
    )
    (path,) = run.weights
    run.weights[path] = table
    data = {"words": WORDS, "weight": WEIGHTS, "classes": CLASSES, "bits": BITS, "spread": SPREAD}
    ours = run.evaluate(data)
    metrics = {name: classes(name)(**args) for name, (_, args) in METRICS.items()}
    for name, value in theirs(metrics, kind, table).items():
        close(ours[name], value, where=name)


def _field(truth: np.ndarray) -> str:
    """The field of the data that an array is in."""
    return "classes" if truth is CLASSES else "bits" if truth is BITS else "spread"


def test_a_mask_goes_through_recurrent_layers_to_loss_and_metrics():
    words = keras.Input((T,), dtype="int32")
    x = K.Embedding(4, 6, mask_zero=True)(words)
    x = K.Bidirectional(K.GRU(5, return_sequences=True))(x)
    model = keras.Model(words, K.Dense(C, activation="softmax")(x))
    run = program(
        f"  input words : i32[{T}]\n  output p = words -> embedding(4, 6, mask_zero=true) "
        f"-> bidirectional(gru(5, return_sequences=true)) -> dense({C}, softmax)",
        "  loss = sparse_categorical_crossentropy(classes, p)\n  optimizer = sgd(0.1)\n"
        "  batch = 4\n  metrics = [sparse_categorical_accuracy(classes, p)]",
        f"  words : i32[{T}]\n  classes : i32[{T}]",
    )
    copy_in_order(model, run, list(run.weights))
    model.compile(
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    theirs = model.evaluate(WORDS, CLASSES, BATCH, 0, return_dict=True)
    ours = run.evaluate({"words": WORDS, "classes": CLASSES})
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        close(ours[name], value, where=name)
    plain = np.mean(run.predict({"words": WORDS})["p"].argmax(-1) == CLASSES)
    assert abs(plain - ours["sparse_categorical_accuracy"]) > 0.01


def test_every_metric_of_keras_that_is_a_mean_of_a_function_is_here():
    means = {
        name
        for name in names("metric")
        if issubclass(classes(name), keras.metrics.MeanMetricWrapper)
    }
    assert means <= set(METRICS)
    assert all(names("metric")[name].masked for name in means)


def test_means_and_sums_of_masked_steps_are_keras_with_weights():
    """Keras' Mean and Sum take heed of the mask of values where examples have weights."""
    table = floats(4, C, seed=2)
    run = program(
        f"  input words : i32[{T}]\n  output p = words -> embedding(4, {C}, mask_zero=true)",
        "  loss = mean_squared_error(bits, p)\n  optimizer = sgd(0.1)\n  batch = 4\n"
        "  sample_weight = weight\n  weighted_metrics = { mean: mean(p), sum: sum(p), own: p * p }",
        f"  words : i32[{T}]\n  weight : f32\n  bits : f32[{T}, {C}]",
    )
    (path,) = run.weights
    run.weights[path] = table
    ours = run.evaluate({"words": WORDS, "weight": WEIGHTS, "bits": BITS})
    p = table[WORDS]
    for name, values, metric in (
        ("mean", p, keras.metrics.Mean()),
        ("sum", p, keras.metrics.Sum()),
        ("own", p * p, keras.metrics.Mean()),
    ):
        given = jnp.asarray(values)
        keras.src.backend.set_keras_mask(given, jnp.asarray(WORDS != 0))
        metric.update_state(given, sample_weight=np.broadcast_to(WEIGHTS[:, None], (ROWS, T)))
        close(ours[name], metric.result(), where=name)
