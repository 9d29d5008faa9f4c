"""Validation with averages of the weights has the numbers of Keras' SwapEMAWeights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kspec
from tests.test_averages import SPEC, assert_same_weights, model_like
from tests.test_phases import DATA, fit


@pytest.mark.filterwarnings("ignore:__array__")
@pytest.mark.parametrize("swap", ["true", "false"])
def test_validation_and_the_best_weights_are_those_of_keras(swap, tmp_path):
    text = SPEC.format(optimizer="adam(0.05, use_ema=true, ema_momentum=0.9)")
    sections = f"swap_ema {{ swap_on_epoch = {swap} }}\n  checkpoint {{ best = min(loss) }}"
    run = kspec.compile_text(text.replace("epochs    = 3", f"epochs = 3\n  {sections}")).init()
    model = model_like(run, keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9))
    run.fit(DATA, quiet=True)
    best = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.weights.h5"),
        monitor="loss",
        mode="min",
        save_best_only=True,
        save_weights_only=True,
    )
    history = model.fit(
        DATA["train"]["x"],
        DATA["train"]["y"],
        batch_size=8,
        epochs=3,
        shuffle=False,
        validation_data=(DATA["validation"]["x"], DATA["validation"]["y"]),
        verbose=0,
        callbacks=[keras.callbacks.SwapEMAWeights(swap == "true"), best],
    ).history
    ours = [record["validation"]["loss"] for record in run.history]
    np.testing.assert_allclose(ours, history["val_loss"], 1e-4)
    trained = [record["train"]["loss"] for record in run.history]
    np.testing.assert_allclose(trained, history["loss"], 1e-4)
    assert_same_weights(run, model)
    model.load_weights(tmp_path / "best.weights.h5")
    for path, theirs in zip(run.weights, model.weights, strict=True):
        kept = run.kept["best"].weights[path]
        np.testing.assert_allclose(kept, np.asarray(theirs.value), 1e-4, 1e-6)


def test_other_phases_are_validated_as_they_are():
    """Those without averages, and those without the section."""
    first = "  phase one {{ optimizer = sgd(0.1, use_ema=true){0} }}\n"
    second = "  phase two { optimizer = sgd(0.1) }"
    plain, swapped = (fit(first.format(more) + second) for more in ("", "\n swap_ema { }"))
    one, two = [[r["validation"]["loss"] for r in run.history] for run in (plain, swapped)]
    assert one[0] != two[0]
    assert one[1] == two[1]
