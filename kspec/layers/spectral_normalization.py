"""A wrapper that bounds what a layer's kernel can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

from kspec.initializers.random import TruncatedNormal
from kspec.ir import Builder, TensorType, TypeRuleError, Value
from kspec.layers.base import (
    Dims,
    Layer,
    Masked,
    Named,
    WeightSpec,
    arg,
    layer,
    match_shape,
    resolve_shape,
)
from kspec.registry import Example
from kspec.regularizers.base import Regularizer

_KERNELS = ("kernel", "embeddings")


@final
@layer("spectral_normalization")
class SpectralNormalization(Layer):
    """Divide the kernel of a layer by its largest singular value.

    The value comes by power iterations from a vector that training carries from step to
    step. Evaluation and prediction divide, too, and leave the vector as it is. Source: Miyato
    et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """

    example = Example("x -> spectral_normalization(dense(4))", x="f32[6]")

    shape = "*batch -> *rest"
    masking = "uses"

    layer: Layer = arg(doc="A layer with a kernel or embeddings.")
    power_iterations: int = arg(default=1, doc="Iterations in each step.")

    def check(self) -> str | None:
        """There is an iteration."""
        if self.power_iterations < 1:
            return f"power_iterations must be at least 1, not {self.power_iterations}"
        return None

    def misfit(self, *operands: TensorType) -> str | None:
        """What the layer itself says."""
        return self.layer.misfit(*operands)

    def penalty(self) -> Regularizer | None:
        """The layer's."""
        return self.layer.penalty()

    def specs(self, types: tuple[TensorType, ...], dims: Dims) -> Mapping[str, WeightSpec]:
        """The layer's weights, and the vector."""
        pattern = self.layer.patterns()[0][0]
        matched = match_shape(pattern, types[0].shape, {})
        if matched is None:
            raise TypeRuleError(f"`{self.layer.name}` needs `{pattern}`, not {types[0]}")
        names = self.layer.arg_types()
        own = {name: v for name in names if isinstance(v := getattr(self.layer, name), int)}
        known = {**own, **matched}
        known = {**known, **self.layer.dims(known)}
        inner = self.layer.specs(types, known)
        name = next((each for each in _KERNELS if each in inner), None)
        if name is None:
            raise TypeRuleError(f"`{self.layer.name}` has no kernel and no embeddings")
        weights: dict[str, WeightSpec] = {}
        for key, spec in inner.items():
            shape = spec.shape
            if isinstance(shape, str):
                shape = " ".join(map(str, resolve_shape(shape, known)))
            weights[f"layer.{key}"] = replace(spec, shape=shape)
        columns = weights[f"layer.{name}"].shape
        last = columns.split()[-1] if isinstance(columns, str) else columns[-1]
        start = TruncatedNormal(stddev=0.02)
        weights["vector_u"] = WeightSpec(f"1 {last}", start, trainable=False)
        return weights

    def apply(
        self,
        b: Builder,
        operands: tuple[Masked, ...],
        weights: Mapping[str, Value],
        named: Named,
    ) -> tuple[Masked, ...]:
        """One op before the layer's."""
        inner = {
            name.removeprefix("layer."): weight
            for name, weight in weights.items()
            if name.startswith("layer.")
        }
        name = next(each for each in _KERNELS if each in inner)
        vector = weights["vector_u"]
        kernel, moved = b.op_n(
            "spectral_norm", inner[name], vector, hint=name, iterations=self.power_iterations
        )
        b.update(vector, moved)
        return self.layer.apply(b, operands, {**inner, name: kernel}, named)
