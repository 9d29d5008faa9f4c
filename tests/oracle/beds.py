"""Specs that wrong rewrites are planted in: each has what several of them need."""

from __future__ import annotations

from typing import Final

from tests.oracle.cases import Case, Field

SPEC: Final = """\
data d {{
  source = arrays()
  split = {{ train: 100% }}
{fields}}}

model Net {{
{model}}}

train {{
  model = Net
  data = d
{train}  batch = 3
}}
"""


def bed(model: str, train: str, **fields: Field) -> Case:
    """A spec to plant in."""
    declared = "".join(f"  {name} : {each.type}\n" for name, each in fields.items())
    return Case(SPEC.format(fields=declared, model=model, train=train), fields)


DENSE = bed(
    """\
  input x : f32[4]
  share s = dense(4, tanh)
  h = x -> rescaling(1/4, offset=0.5) -> dense(4, kernel_regularizer=l2(0.05))
  n = h -> batch_normalization(momentum=0.9, epsilon=0.02)
  a = (n -> leaky_relu(0.1)) + (n -> leaky_relu(0.4))
  b = (x -> s) - (n -> s)
  c = (a -> dropout(0.5)) - (b -> dropout(0.5))
  m = maximum(a, c)
  output y = concatenate(m, b) -> dense(3) -> softmax
""",
    """\
  loss = sparse_categorical_crossentropy(t, y)
  metrics = [sparse_categorical_accuracy(t, y)]
  optimizer = sgd(0.1, momentum=0.9)
""",
    x=Field("f32[4]"),
    t=Field("class[3]", 3),
)
IMAGE = bed(
    """\
  input x : f32[4, 4, 2]
  p = x -> zero_padding2d(((1, 0), (0, 1))) -> conv2d(4, 3, padding=same)
  q = p -> relu -> max_pooling2d(2, strides=1, padding=same)
  r = q -> layer_normalization(epsilon=0.05) -> average_pooling2d(2, padding=same)
  g = r -> group_normalization(2) -> conv2d(2, 2, strides=2, padding=same, groups=2)
  k = r -> permute((2, 1, 3)) -> rms_normalization(epsilon=0.1)
  output y = concatenate(g -> flatten, k -> flatten) -> dense(2)
""",
    "  loss = mean_squared_error(t, y)\n  optimizer = adam(1e-2)\n",
    x=Field("f32[4, 4, 2]"),
    t=Field("f32[2]"),
)
TOKENS = bed(
    """\
  input x, z : i32[4]
  e = x -> embedding(5, 4, mask_zero=true)
  f = z -> embedding(5, 4, mask_zero=true)
  a = e -> multi_head_attention(2, 2, use_causal_mask=true)
  b = f -> bidirectional(gru(2))
  c = a -> lstm(3)
  d = f -> simple_rnn(2)
  g = f -> global_average_pooling1d
  k = (e, f) -> attention
  output y = concatenate(b, c, d, g, k -> flatten) -> dense(2)
""",
    "  loss = huber(t, y)\n  optimizer = rmsprop(1e-2)\n",
    x=Field("i32[4]", 5),
    z=Field("i32[4]", 5),
    t=Field("f32[2]"),
)
FROZEN = bed(
    """\
  input x : f32[6]
  share base = dense(5) -> batch_normalization(momentum=0.5) -> relu -> dropout(0.4)
  output y = x -> base -> dense(4, tanh) -> batch_normalization(momentum=0.9) -> dense(2)
""",
    """\
  loss = mean_squared_error(t, y)
  optimizer = sgd(0.1, momentum=0.9)
  phase head { epochs = 3, freeze base }
  phase tune { epochs = 2, unfreeze base }
""",
    x=Field("f32[6]"),
    t=Field("f32[2]"),
)
