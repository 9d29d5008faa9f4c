"""The setting `memory`: what fits stays, loops are computed again, what does not fit is told."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from kspec.api import Program, compile_text
from kspec.diagnostics import SpecError
from kspec.estimate.step import estimates
from kspec.runtime.measure import measure

SPEC = """
data rows {
  source = arrays()
  x : f32[32, 16]
  y : f32[32, 16]
}

block Layer(width) {
  input x : f32[T, width]
  x = x + (x -> layer_normalization -> multi_head_attention(2, 8) -> dropout(0.1))
  output x + (x -> layer_normalization -> dense(4 * width, gelu) -> dense(width))
}

model Net {
  input x : f32[32, 16]
  repeat 6 { x = x -> Layer(16) }
  output out = x
}

train {
  model     = Net
  data      = rows
  loss      = mean_squared_error(y, out)
  optimizer = sgd(0.1)
  batch     = 32
  MEMORY
}
"""


def program(memory: str = "") -> Program:
    return compile_text(SPEC.replace("MEMORY", f"memory = {memory}" if memory else ""))


def step(program: Program) -> Any:
    """The state behind an update, and the sums of its batch."""
    run = program.init()
    draws = np.random.default_rng(0)
    batch = {name: draws.normal(size=(32, 32, 16)).astype("float32") for name in "xy"}
    state = run.executable.init(jax.random.key(0))
    return run.executable.train_step(state, batch, np.ones(32, "float32"))


@pytest.fixture(scope="module")
def plain() -> Program:
    return program()


@pytest.fixture(scope="module")
def again() -> Program:
    return program("6MiB")


def test_what_fits_stays_as_it_is(plain: Program):
    assert program("1GiB").source == plain.source
    assert "jax.checkpoint" not in plain.source


def test_loops_are_computed_again_in_training_only(again: Program):
    assert again.source.count("jax.checkpoint(") == 1
    train = again.source[again.source.index("def train(") :]
    assert "jax.checkpoint(" in train[: train.index("\n\n\n")]
    (remark,) = again.compiled.stages["rematerialize"].remarks
    assert not remark.refused
    assert "computed again" in remark.text


def test_it_fits_then_as_xla_sees_it(plain: Program, again: Program):
    (before,), (after,) = measure(plain.compiled), measure(again.compiled)
    assert after.total < 6 * 2**20 < before.total
    for compiled, measured in ((plain.compiled, before), (again.compiled, after)):
        (estimate,) = estimates(compiled.module)
        assert estimate.total == pytest.approx(measured.total, rel=0.15)


def test_an_update_is_the_same_but_for_rounding(plain: Program, again: Program):
    one, two = step(plain), step(again)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        jax.tree.map(np.asarray, (one[0]["params"], one[1])),
        jax.tree.map(np.asarray, (two[0]["params"], two[1])),
    )


def test_what_does_not_fit_says_the_largest_batch():
    with pytest.raises(SpecError) as caught:
        program("2MiB")
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "E420"
    assert mistake.span is not None
    assert mistake.span.text == "2MiB"
    batch = int(mistake.help_text().split("`batch = ")[1].split("`")[0])
    fits = SPEC.replace("batch     = 32", f"batch     = {batch}")
    (estimate,) = estimates(compile_text(fits.replace("MEMORY", "memory = 2MiB")).compiled.module)
    assert estimate.total <= 2 * 2**20
    more = SPEC.replace("batch     = 32", f"batch     = {batch + 1}")
    with pytest.raises(SpecError):
        compile_text(more.replace("MEMORY", "memory = 2MiB"))


TRANSFER = """
# transfer learning, then fine-tuning
import "std/vgg16.kspec"

data flowers {
  source = image_folder("flowers", size=(224, 224))
  split  = { train: 80%, validation: 20% }
  image : u8[224, 224, 3]
  label : class                         # one class per sub-folder
  augment image -> random_affine(
    rotation=20deg, shift=10%, shear=0.1, zoom=10%, flip=horizontal, fill=nearest
  )
}

model Flowers(classes = 5) {
  input image : u8[224, 224, 3]
  share base = VGG16(include_top=false)
  x = image -> rescaling(1/255) -> base -> flatten
  output label_probs = x -> dense(1024, relu) -> dense(classes, softmax)
}

train {
  model     = Flowers
  data      = flowers
  load base from "vgg16.weights.h5"
  loss      = sparse_categorical_crossentropy(label, label_probs)
  metrics   = [sparse_categorical_accuracy(label, label_probs)]
  optimizer = rmsprop(1e-3)
  batch     = 32
  precision = mixed_bfloat16
  memory    = 8GiB                      # the compiler makes it fit, or says why it cannot
  checkpoint { best = min(validation.loss), keep = 3, every = 10min }
  stop       { monitor = validation.loss, patience = 3 }
  phase head { epochs = 10, freeze base }
  phase tune { epochs = 5, unfreeze base.block5, optimizer = rmsprop(1e-5) }
}
"""


def test_transfer_learning_fits():
    """Transfer learning and fine-tuning in half precision, within 8 GiB."""
    program = compile_text(TRANSFER)
    train = program.compiled.module.train
    assert train is not None
    assert (train.memory, train.precision) == (8 * 2**30, "mixed_bfloat16")
    assert all(each.total < 8 * 2**30 for each in estimates(program.compiled.module))
    with pytest.raises(SpecError) as caught:
        compile_text(TRANSFER.replace("8GiB", "500MiB"))
    (mistake,) = caught.value.diagnostics
    assert "phase `tune`" in mistake.note_text()
