"""`class_weight`, `sample_weight` and `weighted_metrics` against Keras' `fit`.

21 rows in batches of 8, so that the last batch is short; three epochs, whose losses, metrics
and weights are compared. What Keras calls `sample_weight` in validation is given there, too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.parity.harness import close, floats, keras, program

ROWS, EPOCHS = 21, 3


@dataclass(frozen=True)
class Case:
    """A training.

    Attributes:
        label: The field's type.
        units: The last layer.
        loss: Its name here and in Keras.
        setting: What the spec says of weights.
        class_weight: What Keras gets.
        sampled: Whether Keras gets sample weights.
    """

    label: str
    units: str
    loss: str
    setting: str
    class_weight: dict[int, float] = field(default_factory=dict[int, float])
    sampled: bool = False

    @property
    def metric(self) -> str:
        """The accuracy that goes with the loss."""
        return self.loss.replace("crossentropy", "accuracy")

    @property
    def one_hot(self) -> str:
        """A number for each class, or for the one output."""
        return "label" if self.label.startswith("f32") else "one_hot(label, 3)"

    def inputs(self, split: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The fields that the spec declares."""
        return split if self.sampled else {name: split[name] for name in ("x", "label")}


SPARSE = ("class[3]", "dense(3, softmax)", "sparse_categorical_crossentropy")
WIDE = ("f32[3]", "dense(3, softmax)", "categorical_crossentropy")
BINARY = ("f32", "dense(1, sigmoid)", "binary_crossentropy")
CASES = {
    "classes": Case(*SPARSE, "class_weight = { 0: 0.5, 1: 3.5, 2: 1 }", {0: 0.5, 1: 3.5, 2: 1}),
    "a_class_that_is_left_out_has_weight_1": Case(*SPARSE, "class_weight = { 1: 2.5 }", {1: 2.5}),
    "weight_0": Case(*SPARSE, "class_weight = { 2: 0, 0: 1/3 }", {2: 0.0, 0: 1 / 3}),
    "wide": Case(*WIDE, "class_weight = { 0: 0.25, 2: 4 }", {0: 0.25, 2: 4.0}),
    "binary": Case(*BINARY, "class_weight = { 0: 1.5, 1: 0.7 }", {0: 1.5, 1: 0.7}),
    "integers": Case("u8", *SPARSE[1:], "class_weight = { 0: 1.5, 1: 0.7 }", {0: 1.5, 1: 0.7}),
    "samples": Case(*SPARSE, "sample_weight = w", sampled=True),
    "samples_wide": Case(*WIDE, "sample_weight = w", sampled=True),
    "samples_binary": Case(*BINARY, "sample_weight = w", sampled=True),
    "both": Case(*SPARSE, "sample_weight = w\n  class_weight = { 1: 2.5 }", {1: 2.5}, sampled=True),
}


def labels(case: Case, rows: int, seed: int) -> np.ndarray:
    """Labels of three classes or two, as the case has them."""
    binary = case.label == "f32"
    numbers = np.random.default_rng(seed).integers(0, 2 if binary else 3, rows)
    if case.label.startswith("f32[3]"):
        return np.eye(3, dtype=np.float32)[numbers]
    kinds = {"f32": np.float32, "u8": np.uint8}
    return numbers.astype(kinds.get(case.label, np.int32))


def arrays(case: Case, rows: int, seed: int) -> dict[str, np.ndarray]:
    """A split; one of the sample weights is 0."""
    w = np.random.default_rng(seed).random(rows).astype(np.float32) * 3
    w[rows // 2] = 0
    return {"x": floats(rows, 4, seed=seed), "label": labels(case, rows, seed), "w": w}


def ours(case: Case) -> Any:
    """The spec's run."""
    fields = f"  x : f32[4]\n  label : {case.label}\n" + "  w : f32\n" * case.sampled
    train = (
        f"  loss = {case.loss}(label, y)\n  {case.setting}\n"
        f"  metrics = [{case.metric}(label, y)]\n"
        f"  weighted_metrics = [{case.metric}(label, y), mean_squared_error({case.one_hot}, y)]\n"
        "  optimizer = sgd(0.1)\n  batch = 8\n  shuffle = false"
    )
    return program(f"  input x : f32[4]\n  output y = x -> {case.units}", train, fields)


def theirs(case: Case, run: Any) -> Any:
    """The same model in Keras, with the same weights."""
    units, activation = (3, "softmax") if "softmax" in case.units else (1, "sigmoid")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation=activation)])
    model.set_weights([run.weights["dense.kernel"], run.weights["dense.bias"]])

    def squares(label: Any, y: Any) -> Any:
        if case.one_hot != "label":
            label = keras.ops.one_hot(keras.ops.reshape(label, (-1,)), 3)
        return keras.losses.mean_squared_error(label, y)

    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss=case.loss,
        metrics=[case.metric],
        weighted_metrics=[case.metric, keras.metrics.MeanMetricWrapper(squares, "squares")],
    )
    return model


def fit_keras(model: Any, case: Case, data: dict[str, dict[str, np.ndarray]]) -> Any:
    """Keras' history. It refuses both kinds of weights together: it gets their product."""
    train, held = data["train"], data["validation"]
    y, held_y = (part["label"].reshape(len(part["label"]), -1) for part in (train, held))
    validation: tuple[np.ndarray, ...] = (held["x"], held_y)
    weights: dict[str, Any] = {"class_weight": case.class_weight or None}
    if case.sampled:
        by_class = [case.class_weight.get(int(each.argmax()), 1.0) for each in y]
        if y.shape[1] == 1:
            by_class = [case.class_weight.get(int(each[0]), 1.0) for each in y]
        weights = {"sample_weight": train["w"] * np.float32(by_class)}
        validation += (held["w"],)
    settings = {"batch_size": 8, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    fitted = model.fit(train["x"], y, validation_data=validation, **weights, **settings)
    return fitted.history


def close_weights(run: Any, model: Any) -> None:
    kernel, bias = (variable.value for variable in model.variables)
    close(run.weights["dense.kernel"], kernel)
    close(run.weights["dense.bias"], bias)


@pytest.mark.parametrize("name", CASES)
def test_weights_train_and_evaluate_as_in_keras(name):
    case = CASES[name]
    data = {"train": arrays(case, ROWS, 0), "validation": arrays(case, 13, 1)}
    run = ours(case)
    model = theirs(case, run)
    run.fit({part: case.inputs(split) for part, split in data.items()}, epochs=EPOCHS, quiet=True)
    history = fit_keras(model, case, data)
    names = {
        "loss": "loss",
        case.metric: case.metric,
        f"weighted_{case.metric}": f"weighted_{case.metric}",
        "mean_squared_error": "squares",
    }
    for epoch, record in enumerate(run.history):
        for mine, keras_name in names.items():
            close(record["train"][mine], history[keras_name][epoch], where=f"{mine} {epoch}")
            held = history[f"val_{keras_name}"][epoch]
            close(record["validation"][mine], held, where=f"validation.{mine} {epoch}")
    close_weights(run, model)
    plain = ours(Case(*(getattr(case, each) for each in ("label", "units", "loss")), ""))
    plain.fit({part: case.inputs(split) for part, split in data.items()}, epochs=1, quiet=True)
    assert plain.history[0]["train"]["loss"] != run.history[0]["train"]["loss"]


def test_balanced_weights_come_from_the_training_split():
    """Rows / (classes * rows of the class), for the classes that are there."""
    case = Case(*SPARSE, "class_weight = balanced")
    data = {"train": arrays(case, ROWS, 0), "validation": arrays(case, 13, 1)}
    counts = Counter(data["train"]["label"].tolist())
    weights = {number: ROWS / (len(counts) * count) for number, count in counts.items()}
    assert len(set(weights.values())) > 1
    run = ours(case)
    model = theirs(case, run)
    run.fit({part: case.inputs(split) for part, split in data.items()}, epochs=EPOCHS, quiet=True)
    known = Case(*SPARSE, "", weights)
    history = fit_keras(model, known, data)
    for epoch, record in enumerate(run.history):
        close(record["train"]["loss"], history["loss"][epoch])
        close(record["validation"]["loss"], history["val_loss"][epoch])
    close_weights(run, model)
