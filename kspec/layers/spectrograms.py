"""Sounds as images: how strong each frequency is, as time goes on."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import Literal, final

from kspec.initializers.signals import Stft, Window
from kspec.ir import Builder, TensorType, Value
from kspec.layers.base import Dims, Layer, WeightSpec, arg, layer, to_float
from kspec.ops.images import ExtractSequences
from kspec.registry import Example

# Keras' `backend.epsilon()`.
EPSILON = 1e-7


@final
@layer("stft_spectrogram")
class STFTSpectrogram(Layer):
    """The short-term Fourier transform of each channel, by convolutions with waves.

    re, im = sum over a frame of x[t] * window[t] * cos or sin(-2 pi t f / fft_length)
    power = re^2 + im^2;  magnitude = sqrt(max(power, 1e-7));  log = ln(magnitude)
    psd = power, twice that but at the first and the last frequency;  angle = arctan2(im, re)

    The waves are weights, which learn unless they are frozen, as in Keras. The frequencies of
    the channels stand behind each other; with `expand_dims` the channels have an axis.
    """

    example = Example("x -> stft_spectrogram", x="f32[400, 1]")

    shape = "batch samples channels -> batch frames frequencies"

    mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = arg(
        default="log", doc='What to give; "stft" is the real part, then the imaginary one.'
    )
    frame_length: int = arg(default=256, doc="Samples of a frame.")
    frame_step: int | None = arg(
        default=None, doc="Samples from frame to frame; half a frame by default."
    )
    fft_length: int | None = arg(
        default=None,
        doc="Twice the frequencies above 0; by default the power of two that holds a frame.",
    )
    window: Window = arg(
        default="hann", doc="How much each sample counts: a window of SciPy, or numbers."
    )
    periodic: bool = arg(default=False, doc="Whether the window goes on from its end to its start.")
    scaling: Literal["density", "spectrum"] | None = arg(
        default="density", doc="Which norm of the window is 1: its length, or its sum."
    )
    padding: Literal["valid", "same"] = arg(
        default="valid", doc='"same" pads with zeros, so that step 1 keeps the size.'
    )
    expand_dims: bool = arg(
        default=False, doc="Whether to give images: [frames, frequencies, channels]."
    )

    def check(self) -> str | None:
        """Frames have samples, meet each other, and fit into the transform."""
        length, window = self.frame_length, self.window
        if length < 2:
            return f"frame_length must be at least 2, not {length}"
        if self.frame_step is not None and not 1 <= self.frame_step <= length:
            return f"frame_step must be from 1 to frame_length, {length}, not {self.frame_step}"
        if self.fft_length is not None and self.fft_length < length:
            return f"fft_length must be at least frame_length, {length}, not {self.fft_length}"
        if isinstance(window, tuple) and len(window) != length:
            return f"window must have frame_length numbers, {length}, not {len(window)}"
        return None

    def misfit(self, *operands: TensorType) -> str | None:
        """Signals are floats, and their channels are known."""
        (x,) = operands
        if not x.is_float:
            return f'it needs floating-point numbers, not {x}\nwrite `cast("f32")` in front of it'
        if isinstance(x.shape[-1], str):
            return f"the axis `{x.shape[-1]}` has no fixed size"
        return None

    def weights(self, dims: Dims) -> Mapping[str, WeightSpec]:
        """The waves of the parts that are needed."""
        size = self.fft_length or 1 << (self.frame_length - 1).bit_length()
        shape = (self.frame_length, 1, size // 2 + 1)
        sides: dict[Literal["real", "imag"], str] = {"real": "imag", "imag": "real"}
        return {
            f"{side}_kernel": WeightSpec(
                shape,
                Stft(side=side, window=self.window, scaling=self.scaling, periodic=self.periodic),
            )
            for side, other in sides.items()
            if self.mode != other
        }

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Convolutions, what the mode makes of them, and the axes in order."""
        y = self._of_parts(b, self._parts(b, operands[0], list(weights.values())))
        if y.type.rank == 3:
            return b.op("expand_dims", y, axis=3) if self.expand_dims else y
        if self.expand_dims:
            return b.op("transpose", y, permutation=(0, 1, 3, 2))
        batch, frames, channels, count = y.type.shape
        assert isinstance(channels, int) and isinstance(count, int)
        return b.op("reshape", y, shape=(batch, frames, channels * count))

    def _parts(self, b: Builder, x: Value, kernels: list[Value]) -> list[Value]:
        """Frames and frequencies of each part; several channels stand between the two."""
        step = self.frame_step or self.frame_length // 2

        def waves(signal: Value) -> list[Value]:
            return [
                b.op("conv", signal, kernel, strides=(step,), padding=self.padding, dilation=(1,))
                for kernel in kernels
            ]

        def each(channel: Value) -> list[Value]:
            return waves(b.op("expand_dims", channel, axis=2))

        if x.type.dtype != "f32":
            kernels = [b.op("cast", kernel, dtype=x.type.dtype) for kernel in kernels]
        return waves(x) if x.type.shape[-1] == 1 else list(b.map(each, [x], 2, hints=[x.hint]))

    def _of_parts(self, b: Builder, parts: list[Value]) -> Value:
        """What the mode asks for; frequencies are the last axis."""
        if len(parts) == 1:
            return parts[0]
        real, imaginary = parts
        if self.mode == "angle":
            return b.op("arctan2", imaginary, real)
        if self.mode == "stft":
            return b.op("concatenate", real, imaginary, axis=real.type.rank - 1)
        power = b.op("add", b.op("square", real), b.op("square", imaginary))
        if self.mode == "psd":
            return _one_sided(b, power)
        least = b.constant(EPSILON, power.type.dtype)
        magnitude = b.op("sqrt", b.op("maximum", power, least))
        return b.op("log", magnitude) if self.mode == "log" else magnitude


def _one_sided(b: Builder, power: Value) -> Value:
    """Twice the power where a negative frequency has as much: all but the first and the last."""
    if power.type.shape[-1] == 2:
        return power
    before = (power.type.rank - 1) * ((None, None, None),)
    inner = b.op("index", power, items=(*before, (1, -1, None)))
    widths = (*(len(before) * ((0, 0),)), (1, 1))
    return b.op("add", power, b.op("pad", inner, pad_width=widths))


@final
@layer("mel_spectrogram")
class MelSpectrogram(Layer):
    """How strong each band of frequencies is, in bands that are as wide to the ear.

    power = |short-term Fourier transform|^mag_exp, frames around every sequence_stride-th sample
    y = 10 log10(max(power @ triangles, min_power)) - 10 log10(max(|ref_power|, min_power))

    The triangles are even on the scale of mels, 1127 ln(1 + Hz / 700). What is more than
    `top_db` below the loudest band of the same signal is raised to there; Keras, given a batch,
    takes the loudest of all signals in it. Source: the HTK book, Young et al.
    """

    example = Example("x -> mel_spectrogram", x="f32[2_000]")

    shape = "batch samples -> batch num_mel_bins frames"

    fft_length: int = arg(default=2048, doc="Samples of a frame.")
    sequence_stride: int = arg(default=512, doc="Samples from frame to frame.")
    sequence_length: int | None = arg(
        default=None,
        doc="Samples that the window covers, in the middle of a frame; all by default.",
    )
    window: Literal["hann", "hamming"] | tuple[float, ...] | None = arg(
        default="hann", doc="How much each sample counts; none is all of the frame alike."
    )
    sampling_rate: int = arg(default=16000, doc="Samples a second.")
    num_mel_bins: int = arg(default=128, doc="How many bands.")
    min_freq: float = arg(default=20.0, doc="Where the lowest band starts, in Hz.")
    max_freq: float | None = arg(
        default=None, doc="Where the highest band ends, in Hz; half the sampling rate by default."
    )
    power_to_db: bool = arg(default=True, doc="Whether to give decibels.")
    top_db: float = arg(default=80.0, doc="The greatest difference to the loudest, in decibels.")
    mag_exp: float = arg(default=2.0, doc="The power of magnitudes: 1 leaves them, 2 is power.")
    min_power: float = arg(default=1e-10, doc="The least power that decibels are taken of.")
    ref_power: float = arg(default=1.0, doc="The power that is 0 decibels.")

    def check(self) -> str | None:
        """Sizes are positive, the window fits, and the bands have a width."""
        for name in ("fft_length", "sequence_stride", "sampling_rate", "num_mel_bins"):
            if getattr(self, name) < 1:
                return f"{name} must be at least 1, not {getattr(self, name)}"
        length, window = self._length(), self.window
        if not 1 <= length <= self.fft_length:
            return f"sequence_length must be from 1 to fft_length, {self.fft_length}, not {length}"
        if isinstance(window, tuple) and len(window) != length:
            return f"window must have sequence_length numbers, {length}, not {len(window)}"
        if not 0 <= self.min_freq < self._highest():
            return f"min_freq must be from 0 to below max_freq, {self._highest()} Hz"
        return None if self.min_power > 0 else f"min_power must be above 0, not {self.min_power}"

    def misfit(self, *operands: TensorType) -> str | None:
        """The number of samples is known."""
        size = operands[0].shape[-1]
        return f"the axis `{size}` has no fixed size" if isinstance(size, str) else None

    def _length(self) -> int:
        return self.sequence_length or self.fft_length

    def _highest(self) -> float:
        return self.max_freq or self.sampling_rate // 2

    def lower(self, b: Builder, *operands: Value, **weights: Value) -> Value:
        """Frames, their frequencies, the bands, decibels."""
        x = to_float(b, operands[0])
        half = self.fft_length // 2
        if half:
            x = b.op("pad", x, pad_width=((0, 0), (half, half)), mode="reflect")
        cut = ExtractSequences(
            sequence_length=self.fft_length, sequence_stride=self.sequence_stride
        )
        frames = cut.lower(b, x)
        window = self._window(b)
        y = b.op("spectrum", frames if window is None else b.op("multiply", frames, window))
        if self.mag_exp != 1:
            y = b.op("power", y, b.constant(self.mag_exp))
        bands = b.op(
            "mel_bands",
            frequencies=half + 1,
            bands=self.num_mel_bins,
            sampling_rate=self.sampling_rate,
            low=self.min_freq,
            high=float(self._highest()),
            hint="bands",
        )
        y = b.op("matmul", y, bands)
        return b.op("transpose", self._decibels(b, y), permutation=(0, 2, 1))

    def _window(self, b: Builder) -> Value | None:
        """How much each sample of a frame counts; names mean windows that go on periodically."""
        size, room = self._length(), self.fft_length - self._length()
        with b.at(b.span, "window"):
            if self.window is None:
                return None
            if isinstance(self.window, tuple):
                window = b.op("array", value=tuple(map(float, self.window)))
            elif size == 1:
                window = b.op("full", shape=(1,), value=1.0)
            else:
                name = {"hann": "hanning", "hamming": "hamming"}[self.window]
                window = b.op("index", b.op(name, M=size + 1), items=((None, size, None),))
            sides = ((room // 2, room - room // 2),)
            return b.op("pad", window, pad_width=sides) if room else window

    def _decibels(self, b: Builder, power: Value) -> Value:
        """Decibels, not too far below the loudest, or the power as it is."""
        if not self.power_to_db:
            return power
        y = b.op("log10", b.op("maximum", power, b.constant(self.min_power)))
        y = b.op("multiply", y, b.constant(10.0))
        reference = 10 * log10(max(abs(self.ref_power), self.min_power))
        if reference:
            y = b.op("subtract", y, b.constant(reference))
        loudest = b.op("max", y, axis=(1, 2), keepdims=True, hint="loudest")
        return b.op("maximum", y, b.op("subtract", loudest, b.constant(self.top_db)))
