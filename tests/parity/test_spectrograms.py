"""Spectrograms: how kernels start and learn, windows, and signals beside others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity.harness import by_name, close, floats, program, spell
from tests.parity.layers import K

WAVES = {"waves.real_kernel", "waves.imag_kernel"}
CURVE = tuple(float(x) for x in range(1, 17))


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"window": "hamming", "periodic": True},
        {"window": "blackman", "scaling": "spectrum"},
        {"window": None, "scaling": None},
        {"window": CURVE},
    ],
    ids=str,
)
def test_kernels_start_and_transform_as_in_keras(args):
    args = {"frame_length": 16, "mode": "magnitude", **args}
    written = ", ".join(
        f"{key}={list(value)}" if isinstance(value, tuple) else spell({key: value})
        for key, value in args.items()
    )
    run = program(f"  input x : f32[60, 2]\n  output y = x -> stft_spectrogram({written})")
    layer = K.STFTSpectrogram(**args)
    x = floats(3, 60, 2)
    y = layer(x)
    kernels = by_name(run.state["params"])
    assert set(kernels) == {"real_kernel", "imag_kernel"}
    for variable in layer.trainable_variables:
        close(kernels[variable.name], variable, 1e-5, 1e-6)
    close(run.predict({"x": x})["y"], y, 1e-5, 1e-5)


def test_kernels_learn_unless_they_are_frozen():
    fields = "  x : f32[60, 1]\n  target : f32[6, 9]"
    train = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 8"
    body = "  input x : f32[60, 1]\n  share waves = stft_spectrogram(frame_length=16)\n"
    body += "  output y = x -> waves -> dense(9)"
    batch = {"x": floats(8, 60, 1), "target": floats(8, 6, 9, seed=1)}
    for freeze, moves in (("", True), ("\n  freeze waves", False)):
        run = program(body, train + freeze, fields)
        assert {path for path in run.weights if path.startswith("waves")} == WAVES
        before = {path: np.array(value) for path, value in run.weights.items()}
        state, _ = run.executable.train_step(run.state, batch, np.ones(8, np.float32))
        after = by_name(state["params"]) | by_name(state["stats"])
        for path, value in before.items():
            if path.startswith("waves"):
                assert np.array_equal(after[path.rsplit(".", 1)[-1]], value) != moves


@pytest.mark.parametrize(
    ("written", "args"),
    [
        ("window=hamming, sequence_length=16", {"window": "hamming", "sequence_length": 16}),
        (f"window={list(CURVE)}, sequence_length=16", {"window": CURVE, "sequence_length": 16}),
        ("sequence_length=1", {"sequence_length": 1}),
    ],
)
def test_windows_of_mel_spectrograms_are_those_of_keras(written, args):
    args = {k: np.float32(v) if isinstance(v, tuple) else v for k, v in args.items()}
    common = {"fft_length": 32, "sequence_stride": 9, "num_mel_bins": 4}
    call = f"mel_spectrogram({spell(common)}, {written})"
    run = program(f"  input x : f32[90]\n  output y = x -> {call}")
    x = floats(3, 90)
    close(run.predict({"x": x})["y"], K.MelSpectrogram(**common, **args)(x), 1e-5, 1e-4)


def test_each_signal_is_held_against_its_own_loudest_band():
    """As Keras does where it is given one signal; in a batch its quiet ones depend on others."""
    common: dict[str, Any] = {"fft_length": 32, "sequence_stride": 9, "num_mel_bins": 4}
    common |= {"top_db": 10.0}
    run = program(f"  input x : f32[90]\n  output y = x -> mel_spectrogram({spell(common)})")
    x = floats(3, 90) * np.array([[1.0], [100.0], [0.01]], np.float32)
    layer = K.MelSpectrogram(**common)
    y = run.predict({"x": x})["y"]
    close(y, np.stack([layer(signal) for signal in x]), 1e-5, 1e-4)
    assert not np.allclose(y, layer(x))
    assert np.all(np.ptp(y, axis=(1, 2)) == pytest.approx(10.0, abs=1e-4))


def test_samples_may_be_integers():
    x = np.random.default_rng(0).integers(-3000, 3000, (3, 90)).astype(np.int16)
    common = {"fft_length": 32, "sequence_stride": 9, "num_mel_bins": 4}
    run = program(f"  input x : i16[90]\n  output y = x -> mel_spectrogram({spell(common)})")
    theirs = np.stack([K.MelSpectrogram(**common)(signal) for signal in x.astype(np.float32)])
    close(run.predict({"x": x})["y"], theirs, 1e-5, 1e-4)


def test_silence_has_no_gradient():
    """Where Keras' root of 0 gives what is not a number."""
    fields = "  x : f32[90]\n  target : f32[4, 11]"
    train = "  loss = mean_squared_error(target, y)\n  optimizer = sgd(0.1)\n  batch = 8"
    options = "fft_length=32, sequence_stride=9, num_mel_bins=4, mag_exp=1, power_to_db=false"
    body = "  input x : f32[90]\n  weight gain : f32[90] = ones\n  v = x * gain\n"
    run = program(f"{body}  output y = v -> mel_spectrogram({options})", train, fields)
    batch = {"x": np.zeros((8, 90), np.float32), "target": floats(8, 4, 11)}
    state, _ = run.executable.train_step(run.state, batch, np.ones(8, np.float32))
    assert np.all(np.isfinite(by_name(state["params"])["gain"]))
