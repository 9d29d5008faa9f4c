"""Calls of shared weights as one call: what may be joined, and that it gives the same."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.api import compile_text
from kspec.ir import BATCH, JAX_DTYPES, Module, TensorType
from kspec.passes import optimize, stages
from kspec.passes.batch_shared_calls import apart, batch_shared_calls
from kspec.passes.remarks import Remark
from tests.test_ops import ROWS, function, make
from tests.without import namespace, without

SPEC = """
data pairs {
  source = npz("pairs.npz")
  split  = { train: 100% }
  left : i32[6]
  right : i32[6]
  same : i32
}

model Net {
  input left, right : i32[6]
  share encode = ENCODER
  output match = dot(left -> encode, right -> encode, axes=1) -> dense(1, sigmoid)
}

train {
  model     = Net
  data      = pairs
  loss      = binary_crossentropy(same, match)
  optimizer = sgd(0.1)
  batch     = 4
  epochs    = 1
}
"""
STEPS = "embedding(20, 5) -> lstm(4, return_sequences=true)"
JOINED = {
    "lstm": "embedding(20, 5) -> lstm(4)",
    "masked gru": "embedding(20, 5, mask_zero=true) -> gru(4)",
    "both ways": "embedding(20, 5) -> bidirectional(simple_rnn(3))",
    "two loops": "embedding(20, 5) -> gru(4, return_sequences=true) -> lstm(3)",
    "dropout before": "embedding(20, 5) -> dropout(0.5) -> lstm(4)",
    "dropout inside": f"{STEPS} -> dropout(0.5) -> gru(4)",
    "statistics": f"{STEPS} -> batch_normalization -> lstm(3)",
    "convolution": "embedding(20, 5) -> conv1d(4, 3) -> relu -> gru(4)",
}


def module(encoder: str) -> Any:
    text = SPEC.replace("ENCODER", encoder)
    return compile_text(text).compiled.program.module


def remarks(module: Module) -> list[Remark]:
    return [remark for stage in stages(module) for remark in stage.remarks]


@pytest.mark.parametrize("encoder", JOINED.values(), ids=JOINED)
def test_joined_calls_give_the_loss_the_gradients_and_the_outputs_of_two(encoder):
    graph = module(encoder)
    generator = np.random.default_rng(0)
    batch = {name: generator.integers(0, 20, (4, 6), np.int32) for name in ("left", "right")}
    batch["same"] = np.array([0, 1, 1, 0], np.int32)
    results = []
    for built in (optimize(graph), without(batch_shared_calls, graph)):
        made = namespace(built)
        state = made["init"](jax.random.key(1))
        out = made["predict"](state, {name: batch[name] for name in ("left", "right")})
        state, sums = made["train_step"](state, batch, np.ones(4, np.float32))
        results.append((state["params"], state["stats"], sums["loss"], out))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6), *results)
    assert any("2 calls of" in each.text and not each.refused for each in remarks(graph))


@pytest.mark.parametrize(
    ("encoder", "reason"),
    [
        (JOINED["dropout inside"], "random numbers of its own"),
        (JOINED["statistics"], "statistics of its own batch"),
    ],
)
def test_what_ends_a_joined_part_is_said(encoder, reason):
    graph = module(encoder)
    assert any(reason in each.text for each in remarks(graph) if each.refused)
    assert "split_calls" in {op.name for op in optimize(graph).funcs[0].ops}


@pytest.mark.parametrize("encoder", ["embedding(20, 5) -> flatten -> dense(4)", "lookup"])
def test_calls_without_a_loop_stay_apart(encoder):
    encoder = encoder.replace("lookup", "embedding(20, 5) -> global_average_pooling1d")
    names = {op.name for func in optimize(module(encoder)).funcs for op in func.ops}
    assert "join_calls" not in names


def examples(type: TensorType, generator: np.random.Generator, count: int) -> Any:
    """Numbers that any op takes: small integers in any element type."""
    sizes = {BATCH: count, "T": 6}
    shape = tuple(sizes.get(axis, axis) for axis in type.shape)
    whole = type.dtype not in ("f32", "bf16", "f16")
    values = generator.integers(0, 2, shape) if whole else generator.uniform(0.1, 0.9, shape)
    return jnp.asarray(values, JAX_DTYPES[type.dtype])


APART = [
    (name, types, attrs)
    for number, (name, types, attrs) in enumerate(ROWS)
    if not number or ROWS[number - 1][0] != name  # one of each op is enough
    if not any(type.startswith("key") or "2B" in type or "3B" in type for type in types)
    and any("[B" in type or ",B" in type for type in types)
    and apart(make(name, types, attrs))
]


@pytest.mark.parametrize(("name", "types", "attrs"), APART)
def test_ops_that_may_be_joined_keep_examples_apart(name, types, attrs):
    op = make(name, types, attrs)
    run = function(op)
    generator = np.random.default_rng(3)
    first, second = ([examples(value.type, generator, 2) for value in op.args] for _ in range(2))
    for place, value in enumerate(op.args):
        if BATCH not in value.type.shape:
            second[place] = first[place]
    both = [
        jnp.concatenate(pair, axis=value.type.shape.index(BATCH))
        if BATCH in value.type.shape
        else pair[0]
        for *pair, value in zip(first, second, op.args, strict=True)
    ]
    joined, *apart_ones = (run(*each) for each in (both, first, second))
    many = len(op.results) > 1
    for place, value in enumerate(op.results):
        parts = [each[place] if many else each for each in apart_ones]
        whole = jnp.concatenate(parts, axis=value.type.shape.index(BATCH))
        found = joined[place] if many else joined
        np.testing.assert_allclose(
            np.asarray(found, np.float32), np.asarray(whole, np.float32), rtol=1e-4, atol=1e-5
        )


def test_many_ops_were_tried_and_those_that_mix_were_not():
    names = {name for name, *_ in APART}
    assert len(names) > 100
    assert names.isdisjoint({"circle", "scale_to_kept", "signed_labels", "masked_moments"})
