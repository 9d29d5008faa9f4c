"""`precision = mixed_bfloat16`: steps near those of float32, and those of Keras' policy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kspec
from kspec.runtime.run import Run
from tests.parity.harness import floats

MODELS = {
    "mlp": ("f32[8]", "x -> dense(16, relu) -> layer_normalization -> dense(1)"),
    "cnn": (
        "f32[6, 6, 2]",
        "x -> conv2d(4, 3) -> batch_normalization -> relu -> max_pooling2d -> flatten -> dense(1)",
    ),
    "lstm": ("f32[5, 3]", "x -> lstm(4) -> dense(1)"),
    "gru": ("f32[5, 3]", "x -> bidirectional(gru(4)) -> dense(1)"),
    "attention": (
        "f32[5, 8]",
        "(x, x) -> multi_head_attention(2, 4) -> flatten -> dense(1)",
    ),
    "probability": ("f32[8]", "x -> dense(1, sigmoid)"),
}
TRAIN = """
data d {{
  source = arrays()
  x : {type}
  t : f32[1]
}}

model M {{
  input x : {type}
  output y = {body}
}}

train {{
  model     = M
  data      = d
  loss      = {loss}
  optimizer = sgd(0.05)
  batch     = 16
  precision = {precision}
}}
"""


def run_of(name: str, precision: str) -> Run:
    type, body = MODELS[name]
    loss = f"{'binary_crossentropy' if name == 'probability' else 'mean_squared_error'}(t, y)"
    return kspec.compile_text(
        TRAIN.format(type=type, body=body, loss=loss, precision=precision)
    ).init()


@pytest.mark.parametrize("name", MODELS)
def test_mixed_precision_trains_like_float32_and_not_in_it(name: str):
    """Weights after 20 steps are near, and not the same; they and the outputs are float32."""
    runs = [run_of(name, precision) for precision in ("float32", "mixed_bfloat16")]
    shape = runs[0].bundle.plan.inputs["x"].shape[1:]
    assert all(isinstance(size, int) for size in shape)
    x = floats(64, *map(int, shape))
    t = (x.reshape(64, -1).mean(1, keepdims=True) > 0).astype(np.float32)
    for run in runs:
        run.fit({"train": {"x": x, "t": t}}, epochs=5, quiet=True)
    exact, mixed = runs
    assert "bfloat16" in mixed.bundle.python
    assert "bfloat16" not in exact.bundle.python
    for path, weight in exact.weights.items():
        assert mixed.weights[path].dtype == np.float32
        np.testing.assert_allclose(mixed.weights[path], weight, rtol=0.05, atol=0.03, err_msg=path)
    assert any(not np.array_equal(mixed.weights[path], w) for path, w in exact.weights.items())
    given = [run.predict({"x": x})["y"] for run in runs]
    assert given[1].dtype == np.float32
    np.testing.assert_allclose(given[1], given[0], rtol=0.1, atol=0.05)


def test_a_forward_pass_is_that_of_keras_policy():
    """It is nearer to what Keras computes in bfloat16 than float32 is."""
    run = run_of("mlp", "mixed_bfloat16")
    policy = keras.DTypePolicy("mixed_bfloat16")
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(16, "relu", dtype=policy),
            keras.layers.LayerNormalization(dtype=policy),
            keras.layers.Dense(1, dtype=policy),
        ]
    )
    for layer, name in zip(model.layers, ("dense", "layer_normalization", "dense_1"), strict=True):
        layer.set_weights([run.weights[f"{name}.{v.name}"] for v in layer.weights])
    x = floats(32, 8)
    theirs = np.asarray(keras.ops.cast(model(x), "float32"))
    np.testing.assert_allclose(run.predict({"x": x})["y"], theirs, rtol=1e-2, atol=1e-2)
    exact = np.asarray(run_of("mlp", "float32").predict({"x": x})["y"])
    ours = run.predict({"x": x})["y"]
    assert np.abs(ours - theirs).max() <= np.abs(exact - theirs).max() + 1e-6
