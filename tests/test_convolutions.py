"""What the compiler knows of convolutions: their work, and that a program has them."""

from __future__ import annotations

import pytest

import kspec
from kspec.flops import flops
from kspec.planning import make_plan

WORK = [  # the layer, and its multiplications and additions by hand
    ("9, 4", "conv1d(6, 3, use_bias=false)", 2 * 7 * 6 * 3 * 4),
    ("9, 4", 'conv1d(6, 3, padding="causal", groups=2)', 2 * 9 * 6 * 3 * 2),
    ("4, 5, 6, 2", "conv3d(3, 2)", 2 * 3 * 4 * 5 * 3 * 8 * 2),
    ("5, 6, 4", "conv2d_transpose(3, (3, 2), 2)", 2 * 5 * 6 * 4 * 3 * 2 * 3),
    ("9, 8, 4", "depthwise_conv2d(3, depth_multiplier=2)", 2 * 7 * 6 * 8 * 9),
    ("9, 4", "separable_conv1d(5, 3)", 2 * 7 * 4 * 3 + 2 * 7 * 5 * 4),
    # Projections, scores and sums of values: 2 heads of 3, 5 steps.
    ("5, 4", "Attend", 4 * 2 * 5 * 4 * 6 + 2 * 2 * 5 * 5 * 3 * 2),
    ("5, 4", "lstm(3)", 5 * 2 * (4 + 3) * 12),
    ("5, 4", 'einsum_dense("abc,cd->abd", (none, 6))', 2 * 5 * 4 * 6),
]
ATTEND = "block Attend {\n  input x : f32[T, D]\n  output multi_head_attention(x, x, 2, 3)\n}\n"


@pytest.mark.parametrize(("shape", "call", "count"), WORK)
def test_work_is_counted(shape, call, count):
    text = f"{ATTEND}model M {{\n  input x : f32[{shape}]\n  output y = x -> {call}\n}}\n"
    assert flops(kspec.compile_text(text).compiled.program.module.func("graph")) == count


TRAIN = """
data d {
  source = arrays()
  x : f32[8, 2]
  y : f32[8, 2]
}
train {
  model = M
  data = d
  loss = mean_squared_error(y, out)
  optimizer = sgd(0.1)
}
"""


@pytest.mark.parametrize(
    ("call", "convolves"),
    [
        ("dense(2)", False),
        ("average_pooling1d(3, 1, same)", False),
        ("conv1d(2, 3, padding=same)", True),
        ("conv1d(2, 3, padding=causal)", True),
        ("conv1d_transpose(2, 3, padding=same)", True),
        ("depthwise_conv1d(3, padding=same)", True),
    ],
)
def test_a_plan_says_whether_a_step_convolves(call, convolves):
    model = f"model M {{\n  input x : f32[8, 2]\n  output out = x -> {call}\n}}\n"
    assert make_plan(kspec.compile_text(model + TRAIN).compiled).convolves == convolves
