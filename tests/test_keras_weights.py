"""`load base from "vgg16.weights.h5"`: the weights of files that Keras wrote, by names and order.

Each file is written by Keras itself, loaded into the equal spec, and both predict the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kspec
from tests.parity.harness import floats, keras

L = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore")  # of what Keras and h5py do
FORMATS = ["net.weights.h5", "net.keras", "net.h5"]


def spec(model: str, load: str = "**", file: str = "net.weights.h5") -> str:
    """A spec that trains a model `M` of an input `x`, with weights from a file."""
    return f"""{model}
data d {{
  source = arrays()
  x : f32[1]
}}

train {{
  model     = M
  data      = d
  load {load} from "{file}"
  loss      = mean(square(y))
  optimizer = sgd
}}
""".replace("x : f32[1]", [line[8:] for line in model.splitlines() if "input" in line][-1])


def save(model: Any, path: Path) -> None:
    """With random weights: those of layers that were just made are zeros and ones, too."""
    for index, variable in enumerate(model.weights):
        value = floats(*variable.shape, seed=index) * 0.5
        variable.assign(np.abs(value) + 0.5 if "variance" in variable.path else value)
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)


def agree(model: Any, text: str, folder: Path, *shape: int) -> None:
    """Keras and the spec with the loaded weights predict the same."""
    x = floats(4, *shape, seed=99)
    run = kspec.compile_text(text, folder=folder).init()
    theirs = np.asarray(model(x, training=False))
    np.testing.assert_allclose(run.predict({"x": x})["y"], theirs, rtol=1e-5, atol=1e-5)


def sequential(*layers: Any, shape: tuple[int, ...]) -> Any:
    return keras.Sequential([keras.Input(shape), *layers])


def refused(text: str, folder: Path) -> str:
    """The report of a load that fails."""
    (folder / "net.kspec").write_text(text, encoding="utf-8")
    with pytest.raises(kspec.SpecError) as caught:
        kspec.compile(folder / "net.kspec").init()
    (found,) = caught.value.diagnostics
    assert found.code in ("E502", "E611")
    assert found.span is not None and found.span.text.startswith('"net.')
    return caught.value.render()


# --- what is loaded

IMAGES = """model M {
  input x : f32[12, 12, 3]
  x = x -> conv2d(4, 3, activation=relu) -> batch_normalization -> conv2d(4, 3, use_bias=false)
  x = x -> separable_conv2d(6, 3) -> batch_normalization(scale=false) -> prelu
  output y = x -> dropout(0.5) -> flatten -> dense(5, relu) -> dense(5) -> dense(5)
}
"""


def images() -> Any:
    return sequential(
        L.Conv2D(4, 3, activation="relu"),
        L.BatchNormalization(),
        L.Conv2D(4, 3, use_bias=False),
        L.SeparableConv2D(6, 3),
        L.BatchNormalization(scale=False),
        L.PReLU(),
        L.Dropout(0.5),
        L.Flatten(),
        *(L.Dense(5, activation="relu"), L.Dense(5), L.Dense(5)),
        shape=(12, 12, 3),
    )


@pytest.mark.parametrize("name", FORMATS)
def test_layers_of_images(tmp_path, name):
    model = images()
    save(model, tmp_path / name)
    agree(model, spec(IMAGES, file=name), tmp_path, 12, 12, 3)


STEPS = """model M {
  input x : f32[7, 6]
  x = x -> bidirectional(lstm(4, return_sequences=true)) -> layer_normalization
  x = x -> gru(4, return_sequences=true) -> time_distributed(dense(4))
  x = multi_head_attention(x, x, 2, 3)
  x = group_query_attention(x, x, 4, 2, 1)
  x = x -> lstm(5, return_sequences=true) -> lstm(5, return_sequences=true)
  x = x -> rnn([gru_cell(3), gru_cell(5)], return_sequences=true)
  output y = x -> conv1d(4, 2) -> simple_rnn(4)
}
"""


def steps() -> Any:
    x = inputs = keras.Input((7, 6))
    x = L.LayerNormalization()(L.Bidirectional(L.LSTM(4, return_sequences=True))(x))
    x = L.TimeDistributed(L.Dense(4))(L.GRU(4, return_sequences=True)(x))
    x = L.MultiHeadAttention(2, 3)(x, x)
    x = L.GroupQueryAttention(4, 2, 1)(x, x)
    x = L.LSTM(5, return_sequences=True)(L.LSTM(5, return_sequences=True)(x))
    x = L.RNN([L.GRUCell(3), L.GRUCell(5)], return_sequences=True)(x)
    return keras.Model(inputs, L.SimpleRNN(4)(L.Conv1D(4, 2)(x)))


@pytest.mark.parametrize("name", FORMATS)
def test_layers_of_sequences(tmp_path, name):
    model = steps()
    save(model, tmp_path / name)
    agree(model, spec(STEPS, file=name), tmp_path, 7, 6)


VGG = """import "std/vgg16.kspec"

model M {
  input x : f32[32, 32, 3]
  share base = VGG16(include_top=false)
  output y = x -> base -> flatten -> dense(3)
}
"""


@pytest.mark.parametrize("name", FORMATS)
def test_vgg16(tmp_path, name):
    """Into a part of the spec, by Keras' own names of its layers."""
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    if name.endswith(".weights.h5"):
        base.save_weights(tmp_path / name)
    else:
        base.save(tmp_path / name)
    run = kspec.compile_text(spec(VGG, "base", name), folder=tmp_path).init()
    head = run.weights["dense.kernel"]
    assert head.any()  # as it was drawn
    x = np.abs(floats(2, 32, 32, 3))
    theirs = np.asarray(base(x)).reshape(2, -1) @ head + run.weights["dense.bias"]
    np.testing.assert_allclose(run.predict({"x": x})["y"], theirs, rtol=1e-5, atol=1e-5)


RESNET = """import "std/resnet50.kspec"

model M {
  input x : f32[64, 64, 3]
  share base = ResNet50(include_top=false, pooling="avg")
  output y = x -> base
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_resnet50(tmp_path, name):
    """Keras saves by class and order; its blocks have the way around behind the second layer."""
    options = {"weights": None, "include_top": False, "pooling": "avg"}
    base = keras.applications.ResNet50(input_shape=(64, 64, 3), **options)
    rng = np.random.default_rng(0)
    base.set_weights([w + rng.uniform(0, 0.002, w.shape) for w in base.get_weights()])
    save(base, tmp_path / name)
    run = kspec.compile_text(spec(RESNET, "base", name), folder=tmp_path).init()
    x = floats(2, 64, 64, 3)
    theirs = np.asarray(base(x))
    np.testing.assert_allclose(
        run.predict({"x": x})["y"], theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max()
    )


@pytest.mark.parametrize("name", FORMATS)
def test_spectral_normalization(tmp_path, name):
    """Keras normalizes in training alone; the weights are the same."""
    model = sequential(L.SpectralNormalization(L.Dense(3)), shape=(6,))
    save(model, tmp_path / name)
    text = "model M {\n  input x : f32[6]\n  output y = x -> spectral_normalization(dense(3))\n}\n"
    run = kspec.compile_text(spec(text, file=name), folder=tmp_path).init()
    layer = model.layers[0]
    for ours, theirs in zip(
        run.weights.values(), (layer.kernel, layer.layer.bias, layer.vector_u), strict=True
    ):
        np.testing.assert_array_equal(ours, np.asarray(theirs))


def test_normalization(tmp_path):
    """Statistics that are loaded are not learned again; how many examples they are of is left."""
    model = sequential(L.Normalization(), L.Dense(3), shape=(6,))
    model.layers[0].adapt(floats(50, 6) * 3 + 1)
    text = "model M {\n  input x : f32[6]\n  output y = x -> normalization -> dense(3)\n}\n"
    for name in FORMATS:
        model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
        agree(model, spec(text, file=name), tmp_path, 6)


@pytest.mark.parametrize("named", [("conv/kernel:0", "conv/bias:0"), ("conv_W_1:0", "conv_b_1:0")])
def test_files_of_old_have_layers_by_name(tmp_path, named):
    """The layout of `vgg16_weights_tf_dim_ordering_tf_kernels.h5`, of Keras 2 and of Keras 1."""
    kernel, bias = floats(3, 3, 2, 4), floats(4)
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["layer_names"] = [b"input_1", b"conv", b"flatten", b"fc1"]
        for name in ("input_1", "conv", "flatten", "fc1"):
            file.create_group(name).attrs["weight_names"] = np.array([], "S1")
        file["conv"].attrs["weight_names"] = [name.encode() for name in named]
        file["conv"][named[0]], file["conv"][named[1]] = kernel, bias
        file["fc1"].attrs["weight_names"] = [b"fc1/kernel:0"]
        file["fc1"]["fc1/kernel:0"] = floats(9, 9)  # which is not asked for
    text = """model M {
  input x : f32[5, 5, 2]
  share conv = conv2d(4, 3)
  output y = x -> conv
}
"""
    run = kspec.compile_text(spec(text, file="net.h5"), folder=tmp_path).init()
    np.testing.assert_array_equal(run.weights["conv.kernel"], kernel)
    np.testing.assert_array_equal(run.weights["conv.bias"], bias)


def test_half_precision_is_read(tmp_path):
    model = sequential(L.Dense(6, dtype="bfloat16"), L.Dense(6, dtype="float16"), shape=(6,))
    save(model, tmp_path / "net.weights.h5")
    text = "model M {\n  input x : f32[6]\n  output y = x -> dense(6) -> dense(6)\n}\n"
    run = kspec.compile_text(spec(text), folder=tmp_path).init()
    for ours, theirs in zip(run.weights.values(), model.weights, strict=True):
        np.testing.assert_array_equal(ours, np.asarray(theirs, np.float32))
