"""Repeated parts as loops: what is rolled, what is not, and that it gives the same."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from kspec.api import compile_text
from kspec.ir import Module
from kspec.passes import optimize, roll_repeats, stages
from kspec.passes.remarks import Remark
from tests.without import learned, namespace, without

SPEC = """
data rows {
  source = npz("rows.npz")
  split  = { train: 100% }
  x : f32[32, 8]
  y : f32[32, 8]
}

block Layer(width) {
  input x : f32[T, width]
  y = x -> layer_normalization -> multi_head_attention(2, 4) -> DROPOUT
  output x + (y -> dense(16, gelu) -> dense(width))
}

model Net {
  input x : f32[32, 8]
  BODY
  output out = x
}

train {
  model     = Net
  data      = rows
  loss      = mean_squared_error(y, out)
  optimizer = OPTIMIZER
  batch     = 32
  epochs    = 1
}
"""
LAYERS = "repeat 5 { x = x -> Layer(8) }"
BODIES = {
    "repeat": LAYERS,
    "by hand": "\n  ".join(["x = x -> Layer(8)"] * 5),
    "something before and behind": f"x = x -> dense(8, relu)\n  {LAYERS}\n  x = x -> dense(8)",
    "every round is used": """skip = x
  repeat 5 {
    x = x -> Layer(8)
    skip = skip + x
  }
  x = skip""",
    "a first value that all rounds use": "start = x\n  repeat 5 { x = start + (x -> Layer(8)) }",
    "two stacks": f"{LAYERS}\n  x = x -> relu\n  repeat 5 {{ x = x -> Layer(8) -> tanh }}",
    "statistics": "repeat 5 { x = x -> Layer(8) -> batch_normalization -> dense(8) -> tanh }",
    "a loop in the loop": """repeat 6 {
    y = x -> layer_normalization -> simple_rnn(8, return_sequences=true)
    x = x + (y -> dense(8, tanh) -> dense(8))
  }""",
    "penalties": "repeat 7 { x = x -> Layer(8) -> dense(8, kernel_regularizer=l2(0.01)) }",
}


def module(body: str, dropout: str = "dropout(0.5)", optimizer: str = "sgd(0.1)") -> Module:
    text = SPEC.replace("BODY", body).replace("DROPOUT", dropout).replace("OPTIMIZER", optimizer)
    return compile_text(text).compiled.program.module


def unrolled(graph: Module) -> Module:
    return without(roll_repeats, graph)


def remarks(graph: Module) -> list[Remark]:
    last = [stage for stage in stages(graph) if stage.name == "roll_repeats"]
    return [remark for stage in last for remark in stage.remarks]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_loop_gives_what_its_rounds_gave(body):
    graph = module(body)
    generator = np.random.default_rng(0)
    batch = {name: generator.standard_normal((32, 32, 8), np.float32) for name in ("x", "y")}
    results = []
    for built in (optimize(graph), unrolled(graph)):
        made = namespace(built)
        state = made["init"](jax.random.key(1))
        out = made["predict"](state, {"x": batch["x"]})
        state, sums = made["train_step"](state, batch, np.ones(32, np.float32))
        results.append((out, sums, learned(made, state), state["stats"]))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), *results)
    rolled = [each for each in remarks(graph) if "are one loop" in each.text]
    assert {each.func for each in rolled} == {"train", "eval", "predict"}


def test_paths_and_first_values_of_weights_stay():
    graph = module(LAYERS)
    found = []
    for built in (optimize(graph), unrolled(graph)):
        made = namespace(built)
        found.append(learned(made, made["init"](jax.random.key(1))))
    jax.tree.map(np.testing.assert_array_equal, *found)


def test_each_round_draws_with_the_key_that_it_had():
    """Dropout of all but nothing: the same elements are gone in both programs."""
    graph = module("repeat 8 { x = x -> dropout(0.9) -> Layer(8) }", dropout="dropout(0.9)")
    batch = {name: np.ones((32, 32, 8), np.float32) for name in ("x", "y")}
    losses = []
    for built in (optimize(graph), unrolled(graph)):
        made = namespace(built)
        state = made["init"](jax.random.key(1))
        _, sums = made["train_step"](state, batch, np.ones(32, np.float32))
        losses.append(float(sums["loss"]["total"]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert any("are one loop" in each.text for each in remarks(graph))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("repeat 2 { x = x -> Layer(8) }", None),
        ("repeat 8 { x = x -> dense(8) }", None),
        ("repeat i in 1..8 { x = x -> dense(8 * i) -> Layer(8 * i) }\n  x = x -> dense(8)", None),
        (
            "x = x -> global_average_pooling1d\n  repeat 40 { x = x -> dense(8, tanh) }\n"
            "  x = x -> repeat_vector(32)",
            "products of 32 rows",
        ),
        ("repeat 40 { x = x -> conv1d(8, 3, padding=same) }", "a convolution in a loop"),
    ],
)
def test_what_is_not_rolled(body, why):
    graph = module(body, dropout="relu")
    said = [each.text for each in remarks(graph)]
    assert not any("are one loop" in text for text in said)
    assert any(why in text for text in said) if why else not said


def test_weights_that_are_shared_between_rounds_are_not_stacked():
    body = "share layer = Layer(8)\n  repeat 5 { x = x -> layer }"
    assert not remarks(module(body))
