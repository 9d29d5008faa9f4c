"""`specs/flowers.kspec` is the transfer learning of Keras' guide: as many weights, as many frozen.

Its files are not here, so that it is compiled, and run in a small form.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import kspec
from kspec.cli import main
from tests.conftest import SPECS
from tests.parity.harness import keras

SPEC = SPECS / "flowers.kspec"


def vgg16(size: int) -> tuple[keras.Model, keras.Model]:
    """Keras' base, and the model with the new head."""
    shape = (size, size, 3)
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=shape)
    inputs = keras.Input(shape)
    x = base(keras.layers.Rescaling(1 / 255)(inputs))
    x = keras.layers.Dense(1024, activation="relu")(keras.layers.Flatten()(x))
    return base, keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))


def test_its_phases_learn_as_many_weights_as_keras_does():
    module = kspec.compile(SPEC).compiled.module
    assert module.train is not None
    base, model = vgg16(224)
    assert sum(weight.size for weight in module.weights) == model.count_params()
    head, tune = module.train.phases
    base.trainable = False
    assert learned(module, head.frozen) == count(model)
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name.startswith("block5")
    assert learned(module, tune.frozen) == count(model)


def learned(module, frozen) -> int:
    return sum(w.size for w in module.weights if w.trainable and w.path not in frozen)


def count(model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras
def test_it_runs_in_small(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    base, _ = vgg16(32)
    base.save_weights("vgg16.weights.h5")
    rng = np.random.default_rng(0)
    for name in ("daisy", "dandelion", "roses", "sunflowers", "tulips"):
        (tmp_path / "flowers" / name).mkdir(parents=True)
        for number in range(4):
            image = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
            image.save(tmp_path / "flowers" / name / f"{number}.jpg")
    text = SPEC.read_text(encoding="utf-8").replace("224", "32")
    text = text.replace("epochs = 10", "epochs = 1").replace("epochs = 5", "epochs = 1")
    (tmp_path / "flowers.kspec").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", "flowers.kspec", "--quiet", "--json"])
    assert done.exit_code == 0, done.output
    (run,) = (tmp_path / "runs" / "flowers").iterdir()
    loaded = kspec.load(run)
    assert [record["epoch"] for record in loaded.history] == [1, 2]
    for layer in ("block1_conv1", "block4_conv3", "block5_conv3"):
        ours = loaded.weights[f"base.{layer.replace('_', '.')}.kernel"]
        same = np.array_equal(ours, np.asarray(base.get_layer(layer).kernel))
        assert same == (not layer.startswith("block5"))
    names = json.loads((run / "run.json").read_text(encoding="utf-8"))["class_names"]["label"]
    assert names == ["daisy", "dandelion", "roses", "sunflowers", "tulips"]
