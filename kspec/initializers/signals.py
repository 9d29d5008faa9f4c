"""Initializers of kernels that take signals apart."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

from kspec.initializers.base import Emit, Initializer, arg, initializer
from kspec.initializers.expressions import dtype, shape
from kspec.ir import TensorType

# How much each time counts: a window of SciPy by its name, or numbers; none is all alike.
Window: TypeAlias = (
    Literal[
        "barthann",
        "bartlett",
        "blackman",
        "blackmanharris",
        "bohman",
        "boxcar",
        "cosine",
        "exponential",
        "flattop",
        "hamming",
        "hann",
        "lanczos",
        "nuttall",
        "parzen",
        "triang",
        "tukey",
    ]
    | tuple[float, ...]
    | None
)


@final
@initializer("stft")
class Stft(Initializer):
    """Waves of a short-term Fourier transform: cos or sin of -2 pi t f / F, times a window.

    For kernels [t, 1, f] of convolutions over time, with F = 2 (f - 1).
    """

    side: Literal["real", "imag"] = arg(default="real", doc="The cosines or the sines.")
    window: Window = arg(
        default="hann", doc="How much each time counts: a window of SciPy, or numbers."
    )
    scaling: Literal["density", "spectrum"] | None = arg(
        default="density", doc="Which norm of the window is 1: its length, or its sum."
    )
    periodic: bool = arg(default=False, doc="Whether the window goes on from its end to its start.")

    def misfit(self, type: TensorType) -> str | None:
        """A kernel over time, from one channel to frequencies."""
        if type.rank != 3 or type.shape[1] != 1 or type.shape[2] == 1:
            return f"it is for kernels [time, 1, frequencies], not {type}"
        if isinstance(self.window, tuple) and len(self.window) != type.shape[0]:
            return f"a window of {len(self.window)} numbers does not fit {type}"
        return None

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """`stft((128, 1, 513), jnp.float32, side="imag")`."""
        defaults = {each.name: each.default for each in self.args}
        given = {name: getattr(self, name) for name in defaults}
        words = [
            f"{name}={value!r}".replace("'", '"')
            for name, value in given.items()
            if value != defaults[name]
        ]
        return f"{emit.helper('stft')}({', '.join([shape(type), dtype(type), *words])})"
