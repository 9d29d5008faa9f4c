"""How offsets of recurrent layers start."""

from __future__ import annotations

from typing import final

from kspec.initializers.base import Emit, Initializer, arg, initializer
from kspec.ir import TensorType


@final
@initializer("forget_bias")
class ForgetBias(Initializer):
    """Ones for the forget gate of an LSTM, another rule for its other gates.

    What `unit_forget_bias` of `lstm` stands for. Source: Jozefowicz et al., 2015.
    """

    bias_initializer: Initializer = arg(doc="The rule for the other gates.")

    def emit(self, key: str, type: TensorType, emit: Emit) -> str:
        """The gates side by side: input, forget, cell, output."""
        (size,) = type.shape
        assert isinstance(size, int)
        units = size // 4
        first, rest = type.with_shape((units,)), type.with_shape((2 * units,))
        parts = [
            self.bias_initializer.emit(key, first, emit),
            f"jnp.ones(({units},), jnp.float32)",
            self.bias_initializer.emit(f"jax.random.fold_in({key}, 1)", rest, emit),
        ]
        return f"jnp.concatenate([{', '.join(parts)}])"
