"""The crossentropy of a linear layer, in parts, against whole logits."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.kernels.linear_crossentropy import linear_crossentropy, reference
from kspec.passes.fuse_linear_crossentropy import fuse_linear_crossentropy
from tests.without import program_without

CLASSES, WIDTH = 7, 3
TOLERANCE = {"float32": 1e-5, "float64": 1e-12, "bfloat16": 0.03}


def drawn(shape: tuple[int, ...], dtype: str, bias: bool) -> tuple[Any, list[Any]]:
    """The labels, and x, kernel and maybe bias."""
    rng = np.random.default_rng(len(shape))
    shapes = [(*shape, WIDTH), (WIDTH, CLASSES), *([(CLASSES,)] if bias else [])]
    label = jnp.asarray(rng.integers(0, CLASSES, shape), jnp.int32)
    return label, [jnp.asarray(rng.normal(size=each), dtype) for each in shapes]


def pulled(function: Any, label: Any, operands: list[Any], rows: int) -> list[Any]:
    """The losses, and the gradients for one draw of theirs."""

    def both(*operands: Any) -> Any:
        x, kernel, *bias = operands
        given = lambda *a: function(label, *a[:2], *a[2:], rows=rows)  # noqa: E731
        losses, pull = jax.vjp(given, x, kernel, *bias)
        slopes = np.random.default_rng(9).normal(size=losses.shape)
        return losses, pull(jnp.asarray(slopes, losses.dtype))

    return jax.tree.leaves(jax.jit(both)(*operands))


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "shape, rows",
    [((1,), 4), ((6,), 3), ((5,), 2), ((2, 5), 4), ((3, 2, 2), 99)],
)
def test_values_and_gradients_are_those_of_whole_logits(dtype, bias, shape, rows):
    with jax.enable_x64(dtype == "float64"):
        label, operands = drawn(shape, dtype, bias)
        exact = "float64" if dtype == "float64" else "float32"
        ours = pulled(linear_crossentropy, label, operands, rows)
        theirs = pulled(reference, label, [each.astype(exact) for each in operands], rows)
        assert [each.dtype for each in ours[1:]] == [dtype] * (len(ours) - 1)
        for one, other in zip(ours, theirs, strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(
                one.astype(exact), other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
            )


def test_logits_are_never_whole():
    label, operands = drawn((64,), "float32", bias=True)
    step = jax.jit(jax.grad(lambda *a: linear_crossentropy(label, *a, rows=8).sum(), (0, 1, 2)))
    text = step.lower(*operands).as_text()
    assert f"8x{CLASSES}xf32" in text and f"64x{CLASSES}xf32" not in text


SPEC = """
data text {{
  source = arrays()
  tokens : i32[16]
  next : i32[16]
}}

model Words(vocab = 2000, width = 8) {{
  input tokens : i32[16]
  output scores = tokens -> embedding(vocab, width) -> dense(vocab{more}
}}

train {{
  model = Words
  data = text
  loss = sparse_categorical_crossentropy(next, scores{logits})
  optimizer = adam(0.01)
  batch = 300
  epochs = 2
  precision = {precision}
}}
"""


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("more, logits", [(")", ", from_logits=true"), (", softmax)", "")])
def test_training_is_that_with_whole_logits(precision, more, logits):
    text = SPEC.format(more=more, logits=logits, precision=precision)
    rng = np.random.default_rng(0)
    data = {name: rng.integers(0, 2000, (310, 16), np.int32) for name in ("tokens", "next")}
    parts = kspec.compile_text(text)
    whole = program_without(fuse_linear_crossentropy, text)
    assert "linear_crossentropy(" in parts.source
    assert "linear_crossentropy(" not in whole.source
    ours, theirs = (each.fit(data={"train": data}, quiet=True) for each in (parts, whole))
    for one, other in zip(ours.history, theirs.history, strict=True):
        assert one["train"]["loss"] == pytest.approx(other["train"]["loss"], rel=1e-3)
    if precision == "float32":
        for path, weight in ours.weights.items():
            np.testing.assert_allclose(weight, theirs.weights[path], rtol=1e-3, atol=1e-5)
