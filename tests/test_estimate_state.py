"""The size of optimizers' states as it is estimated, against that of the generated programs."""

from __future__ import annotations

import math

import jax
import pytest

import kspec
from kspec.estimate.step import estimates
from kspec.registry import names

SPEC = """
data points {{
  source = arrays()
  words : i32[4]
  y : f32[2]
}}

model Net {{
  input words : i32[4]
  output z = words -> embedding(50, 8) -> flatten -> dense(16, tanh) -> dense(2)
}}

train {{
  model     = Net
  data      = points
  loss      = mean_squared_error(y, z)
  optimizer = {optimizer}
  batch     = 8
}}
"""
OTHERS = (
    "sgd(momentum=0.9)",
    "rmsprop(momentum=0.5, centered=true)",
    "adam(amsgrad=true)",
    "adamw(use_ema=true)",
    'muon(exclude_layers=["dense"])',
    "muon(exclude_embeddings=false)",
)


@pytest.mark.parametrize("optimizer", (*names("optimizer"), *OTHERS))
def test_the_state_of_an_optimizer(optimizer: str):
    program = kspec.compile_text(SPEC.format(optimizer=optimizer))
    (estimate,) = estimates(program.compiled.module)
    executable = program.init().executable
    state = jax.eval_shape(executable.init, jax.random.key(0))["optimizer"]
    sizes = [math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(state)]
    counters = sum(size for size in sizes if size <= 4)
    assert 0 <= sum(sizes) - estimate.optimizer <= counters
