"""Validate with the averages of the weights, with Keras' argument."""

from __future__ import annotations

from typing import ClassVar, final

from kspec.callbacks.base import Callback, arg, callback


@final
@callback("swap_ema")
class SwapEMA(Callback):
    """Take the averages of the weights for validation, where an optimizer has `use_ema=true`.

    Keras calls it SwapEMAWeights. Training goes on with the weights as they are.
    """

    line: ClassVar[str] = "swap_ema { }"

    swap_on_epoch: bool = arg(
        default=False,
        doc="Whether the best weights that `checkpoint` and `stop` keep are averages, too.",
    )
