"""Imports: what they bind, where they may look, and what a run keeps of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import kspec as package
from kspec.diagnostics import SpecError
from tests.parity.harness import keras
from tests.test_cli import kspec

BLOCKS = """
param width : int = 8

block Twice(units = width) {
  input x : f32[D]
  output x -> dense(units, relu) -> dense(units, relu)
}
"""
DATA = """
data pairs {
  source = npz("pairs.npz")
  x : f32[4]
  y : f32[1]
}
"""
NET = """import "parts/blocks.kspec"
import "parts/data.kspec"

param width : int = 3

model Net {
  input x : f32[4]
  output z = x -> Twice -> dense(1)
}

train {
  model     = Net
  data      = pairs
  loss      = mean_squared_error(y, z)
  optimizer = adam
}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A spec with two files that it imports."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "blocks.kspec").write_text(BLOCKS, encoding="utf-8")
    (tmp_path / "parts" / "data.kspec").write_text(DATA, encoding="utf-8")
    (tmp_path / "net.kspec").write_text(NET, encoding="utf-8")
    return tmp_path


def test_blocks_and_data_are_bound_and_params_stay_at_home(place):
    program = package.compile(place / "net.kspec")
    paths = {w.path: w.value.type.shape for w in program.compiled.module.weights}
    assert paths["twice.dense.kernel"] == (4, 8)  # not 3: its own width
    assert [w.name for w in program.compiled.warnings] == ["width"]


def test_what_an_import_imports_is_not_passed_on(place):
    (place / "parts" / "more.kspec").write_text('import "blocks.kspec"\n', encoding="utf-8")
    text = NET.replace("parts/blocks.kspec", "parts/more.kspec")
    (place / "net.kspec").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        package.compile(place / "net.kspec")
    assert [d.code for d in caught.value.diagnostics] == ["E101"]


def test_an_import_that_nothing_uses_is_odd(place):
    text = NET.replace("-> Twice", "-> dense(4)")
    (place / "net.kspec").write_text(text, encoding="utf-8")
    odd = package.compile(place / "net.kspec").compiled.warnings
    assert [(w.code, w.kind) for w in odd] == [("W101", "import"), ("W101", "param")]


def test_a_text_imports_from_its_folder_and_the_library(place):
    assert package.compile_text(NET, folder=place).source
    with pytest.raises(SpecError):
        package.compile_text(NET, folder=place / "parts")


def test_links_do_not_lead_out(place, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "blocks.kspec"
    outside.write_text(BLOCKS, encoding="utf-8")
    target = place / "parts" / "blocks.kspec"
    target.unlink()
    target.symlink_to(outside)
    with pytest.raises(SpecError) as caught:
        package.compile(place / "net.kspec")
    assert [d.code for d in caught.value.diagnostics] == ["E503"]


def test_a_compiled_folder_keeps_imports_and_knows_when_they_change(place):
    import numpy as np

    rows = {"x": np.zeros((8, 4), np.float32), "y": np.zeros((8, 1), np.float32)}
    np.savez(place / "pairs.npz", **rows)
    kspec("compile", "net.kspec", cwd=place)
    folder = place / "build" / "net"
    assert (folder / "imports" / "parts" / "blocks.kspec").read_text("utf-8") == BLOCKS
    before = (folder / "model.py").read_text("utf-8")
    kspec("run", "net.kspec", "--quiet", cwd=place)
    assert (folder / "model.py").read_text("utf-8") == before
    (run,) = (place / "runs" / "net").iterdir()
    assert (run / "imports" / "parts" / "data.kspec").read_text("utf-8") == DATA
    changed = BLOCKS.replace("= 8", "= 5")
    (place / "parts" / "blocks.kspec").write_text(changed, encoding="utf-8")
    kspec("run", "net.kspec", "--quiet", cwd=place)
    assert "B, 5]" in (folder / "model.py").read_text("utf-8").replace("f32[B,5]", "B, 5]")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("", {"input_shape": (224, 224, 3)}),
        ("include_top=false", {"include_top": False, "input_shape": (64, 64, 3)}),
        (
            'include_top=false, pooling="avg"',
            {"include_top": False, "pooling": "avg", "input_shape": (64, 64, 3)},
        ),
        ("classes=7, classifier_activation=linear", {"classes": 7}),
    ],
)
def test_vgg16_has_the_weights_of_keras(arguments, options):
    theirs = keras.applications.VGG16(weights=None, **options)
    size = options.get("input_shape", (224, 224, 3))
    shape = ", ".join(map(str, size))
    text = f"""import "std/vgg16.kspec"
model Net {{
  input image : f32[{shape}]
  share base = VGG16({arguments})
  output y = image -> base
}}
"""
    program = package.compile_text(text).compiled.program
    ours = [weight.value.type.shape for weight in program.module.weights]
    assert ours == [tuple(variable.shape) for variable in theirs.weights]
    assert program.outputs["y"].shape[1:] == theirs.output_shape[1:]
    names = {weight.path for weight in program.module.weights}
    assert "base.block5.conv3.kernel" in names


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("", {"input_shape": (224, 224, 3)}),
        (
            'include_top=false, pooling="max"',
            {"include_top": False, "pooling": "max", "input_shape": (64, 64, 3)},
        ),
    ],
)
def test_resnet50_has_the_weights_of_keras(arguments, options):
    theirs = keras.applications.ResNet50(weights=None, **options)
    shape = ", ".join(map(str, options["input_shape"]))
    text = f"""import "std/resnet50.kspec"
model Net {{
  input image : f32[{shape}]
  share base = ResNet50({arguments})
  output y = image -> base
}}
"""
    program = package.compile_text(text).compiled.program
    ours = [weight.value.type.shape for weight in program.module.weights]
    assert sorted(ours) == sorted(tuple(variable.shape) for variable in theirs.weights)
    assert sum(weight.size for weight in program.module.weights) == theirs.count_params()
    assert program.outputs["y"].shape[1:] == theirs.output_shape[1:]
