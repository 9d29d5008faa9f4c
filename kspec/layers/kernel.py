"""What layers with a kernel and an offset share: their last arguments, and how they end."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.activations.base import Activation
from kspec.constraints.base import Constraint
from kspec.initializers.base import Initializer
from kspec.initializers.constants import Zeros
from kspec.initializers.random import GlorotUniform
from kspec.ir import Builder, Value
from kspec.layers.base import Layer, WeightSpec, arg
from kspec.regularizers.base import Regularizer


class KernelLayer(Layer):
    """activation(product with the kernel + bias), whatever the product is."""

    activation: Activation | None = arg(default=None, doc="Applied to the result.", last=True)
    use_bias: bool = arg(default=True, doc="Whether to add the offset.", last=True)
    kernel_initializer: Initializer = arg(
        default=GlorotUniform(), doc="How the kernel starts.", last=True
    )
    bias_initializer: Initializer = arg(default=Zeros(), doc="How the offset starts.", last=True)
    kernel_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the kernel.", last=True
    )
    bias_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the offset.", last=True
    )
    activity_regularizer: Regularizer | None = arg(
        default=None, doc="The penalty on the result, a mean over the batch.", last=True
    )
    kernel_constraint: Constraint | None = arg(
        default=None, doc="What the kernel is brought back to.", last=True
    )
    bias_constraint: Constraint | None = arg(
        default=None, doc="What the offset is brought back to.", last=True
    )

    def kernel_and_bias(
        self, kernel: str | tuple[int, ...], bias: str | tuple[int, ...]
    ) -> Mapping[str, WeightSpec]:
        """The weights, given their shapes."""
        weights = {
            "kernel": WeightSpec(
                kernel,
                self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        }
        if self.use_bias:
            weights["bias"] = WeightSpec(
                bias,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        return weights

    def penalty(self) -> Regularizer | None:
        """The one on the result."""
        return self.activity_regularizer

    def finish(self, b: Builder, y: Value, weights: Mapping[str, Value]) -> Value:
        """Add the offset, whose axes are the last of the result, and apply the activation."""
        return finish(b, y, weights, self.activation)


def finish(
    b: Builder, y: Value, weights: Mapping[str, Value], activation: Activation | None
) -> Value:
    """Add the offset if there is one, and apply the activation."""
    if "bias" in weights:
        y = b.op("add", y, weights["bias"])
    return activation.lower(b, y) if activation else y
