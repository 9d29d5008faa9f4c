"""Spectrograms of signals."""

from __future__ import annotations

import warnings
from typing import Any

from tests.parity.harness import keras
from tests.parity.layers import Case, Cases, K, same

SMALL = {"frame_length": 16, "frame_step": 5}
MEL = {"fft_length": 64, "sequence_stride": 20, "sampling_rate": 8000, "num_mel_bins": 6}


def quiet(**args: Any) -> keras.Layer:
    """Keras' layer, without its advice to take powers of two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return K.STFTSpectrogram(**args)


def _stft(*, samples: int = 60, channels: int = 1, **args: Any) -> Case:
    return same("stft_spectrogram", quiet, samples, channels, **args)


def _mel(samples: int = 150, **args: Any) -> Case:
    return same("mel_spectrogram", K.MelSpectrogram, samples, **MEL | args)


MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
CASES: Cases = {
    "stft_spectrogram": [
        *(_stft(mode=mode, **SMALL) for mode in MODES),
        *(_stft(mode=mode, channels=3, frame_length=12) for mode in ("log", "psd", "stft")),
        *(
            _stft(mode=mode, channels=2, expand_dims=True, **SMALL)
            for mode in ("real", "angle", "stft")
        ),
        _stft(samples=600),
        _stft(channels=2, padding="same", fft_length=20, **SMALL),
        _stft(padding="same", expand_dims=True, mode="psd", **SMALL),
        _stft(mode="psd", frame_length=2),
        _stft(mode="stft", frame_length=7, frame_step=7, fft_length=9),
    ],
    "mel_spectrogram": [
        _mel(),
        same("mel_spectrogram", K.MelSpectrogram, 5000),
        _mel(sequence_length=40, window="hamming"),
        _mel(fft_length=63, sequence_length=40, sequence_stride=70),
        _mel(window=None, sequence_length=40),
        _mel(mag_exp=1.0, power_to_db=False),
        _mel(mag_exp=0.5, power_to_db=False, min_freq=300.0, max_freq=1500.0),
        _mel(samples=20),  # shorter than what is put around it
        _mel(ref_power=3.0, min_power=1e-3),
        _mel(ref_power=0.0),
        _mel(sampling_rate=11025, max_freq=0.0),
    ],
}
