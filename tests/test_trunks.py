"""Frozen parts that run once before a phase: the same training, resumed or not."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from kspec.api import compile_text
from kspec.passes import cache_frozen
from kspec.runtime import trunk
from tests.without import program_without

SPEC = """
data digits {
  source = digits()
  split  = { train: 60%, validation: 10%, test: 10% }
  image : u8[8, 8]
  label : class[10]
AUGMENT
}

block Base {
  input image : f32[8, 8]
  output image -> flatten -> dense(256, relu) -> batch_normalization -> dense(64) -> dense(32, relu)
}

model Net {
  input image : u8[8, 8]
  share base = Base
  output digit = image -> rescaling(1/16) -> base -> dropout(0.2) -> dense(10, softmax)
}

train {
  model     = Net
  data      = digits
  loss      = sparse_categorical_crossentropy(label, digit)
  metrics   = [sparse_categorical_accuracy(label, digit)]
  optimizer = rmsprop(1e-3)
  batch     = 100
  phase all  { epochs = 1 }
  phase head { epochs = 3, freeze base }
  phase fine { epochs = 2, unfreeze base.dense_2 }
}
"""
PLAIN = SPEC.replace("AUGMENT", "")


def test_each_phase_has_the_longest_trunk_that_it_can():
    phases = compile_text(PLAIN).bundle().plan.phases
    assert [phase.trunk for phase in phases] == [(), ("label",), ("label",)]
    python = compile_text(PLAIN).source
    assert "def trunk_head(params, stats, batch):" in python
    assert '"base_of_trunk": base' in python and "def trunk_all" not in python


def test_training_is_the_same_as_with_the_whole_model():
    histories = [
        p.fit(quiet=True).history
        for p in (compile_text(PLAIN), program_without(cache_frozen, PLAIN))
    ]
    for ours, theirs in zip(*histories, strict=True):
        for split in ("train", "validation"):
            assert ours[split] == pytest.approx(theirs[split], rel=2e-3), ours["epoch"]


@pytest.mark.parametrize("epochs", [2, 4, 5])
def test_a_run_that_goes_on_in_a_phase_is_the_run_that_was_never_stopped(tmp_path, epochs):
    whole = compile_text(PLAIN).fit(quiet=True)
    part = compile_text(PLAIN).init()
    seen: list[int] = []

    def stop(record, state, position):
        seen.append(record["epoch"])
        if record["epoch"] == epochs:
            part.save(tmp_path / "run")
            raise KeyboardInterrupt

    from kspec.runtime.hooks import Hooks
    from kspec.runtime.progress import QuietProgress

    with pytest.raises(KeyboardInterrupt):
        part.train(part.dataset(), QuietProgress(), Hooks(after_epoch=stop))
    again = kspec.load(tmp_path / "run").fit(quiet=True)
    assert seen[-1] == epochs and again.position.epoch == 6
    for path, weight in whole.weights.items():
        np.testing.assert_array_equal(weight, again.weights[path], err_msg=path)


def test_what_is_too_large_for_memory_is_mapped_from_files(monkeypatch):
    plain = compile_text(PLAIN).fit(quiet=True)
    monkeypatch.setattr(trunk.Trunk.__init__, "__defaults__", (0,))
    mapped: list[tuple[int, ...]] = []

    class Spy(np.memmap):
        def __new__(cls, *args, **kwargs):
            mapped.append(kwargs["shape"])
            return super().__new__(cls, *args, **kwargs)

    monkeypatch.setattr(trunk.np, "memmap", Spy)
    small = compile_text(PLAIN).fit(quiet=True)
    for path, weight in plain.weights.items():
        np.testing.assert_array_equal(weight, small.weights[path], err_msg=path)
    assert len(mapped) == 2 * 3 and (180, 32) in mapped  # two phases, three splits


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("AUGMENT", "  augment image -> random_flip(horizontal)"), "behind random augmentation"),
        (("epochs = 3", "epochs = 1"), "used in one epoch only"),
        (("-> dropout(0.2)", "-> dense(4096, relu) -> dense(4096, relu)"), "of the step's work"),
    ],
)
def test_what_is_no_trunk_is_said(change, reason):
    text = SPEC.replace(*change).replace("AUGMENT", "")
    if "augment" in change[1]:
        text = text.replace("u8[8, 8]", "u8[8, 8, 1]").replace("f32[8, 8]", "f32[8, 8, 1]")
    found = compile_text(text).compiled.stages["cache_frozen"].remarks
    assert any(reason in each.text for each in found if each.func == "train_head" and each.refused)


def test_a_trunk_may_call_python(tmp_path):
    (tmp_path / "ops.py").write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    text = 'extern "ops.py:double" : f32[N] -> f32[N]\n'
    text += PLAIN.replace("-> dense(64)", "-> double -> dense(64)")
    program = compile_text(text, folder=tmp_path, allow_extern=True)
    assert "trunk_head" in program.source
    history = program.fit(quiet=True).history
    assert history[-1]["train"]["loss"] < history[0]["train"]["loss"]
