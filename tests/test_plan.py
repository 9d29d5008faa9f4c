"""`kspec plan`: what it shows, and how near the estimate is to what XLA says."""

from __future__ import annotations

import json
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from click.testing import CliRunner
from jax._src.ad_checkpoint import saved_residuals

import kspec
from kspec.api import compile_text
from kspec.cli import main
from kspec.estimate.kept import (
    FUSED,
    KEEPS,
    LINEAR,
    MOVED,
    NO_GRADIENT,
    READS_FUSED,
)
from kspec.estimate.kept import (
    IN_LOOPS as IN_ROUNDS,
)
from kspec.estimate.liveness import live
from kspec.estimate.sizes import Sizes, count_in_words, in_words
from kspec.estimate.step import estimates
from kspec.helpers.layer_normalize import layer_normalize
from kspec.ir import OPS, Builder, Func, TensorType
from kspec.runtime.measure import measure
from tests.conftest import SPECS

SPEC = """
data points {{
  source = arrays()
  x : {input}
  y : class[10]
}}

model Net {{
  input x : {input}
  {body}
}}

train {{
  model     = Net
  data      = points
  loss      = sparse_categorical_crossentropy(y, out)
  optimizer = adam(1e-3)
  batch     = 64
  {more}
}}
"""
HEAD = "-> dense(10, softmax)"
VECTOR, IMAGE, ROWS, WORDS = "f32[256]", "f32[32, 32, 3]", "f32[40, 64]", "i32[20]"
CONV = "conv2d(32, 3, padding=same, activation=relu)"
# Each with how far the estimate of all memory is off at most: 2 % to 7 % more than it was found.
MODELS: dict[str, tuple[str, str, float]] = {
    "dense": (VECTOR, f"output out = x -> dense(512, relu) -> dense(512, relu) {HEAD}", 0.1),
    "gelu": (VECTOR, f"output out = x -> dense(512, gelu) -> dense(512, gelu) {HEAD}", 0.1),
    "dropout": (VECTOR, f"output out = x -> dense(512, tanh) -> dropout(0.5) {HEAD}", 0.1),
    "convolution": (IMAGE, f"output out = x -> {CONV} -> max_pooling2d(2) -> flatten {HEAD}", 0.1),
    "residual": (
        IMAGE,
        f"h = x -> {CONV}\n  h = h + (h -> {CONV} -> {CONV})\n"
        f"  output out = h -> global_average_pooling2d {HEAD}",
        0.05,
    ),
    "batch normalization": (
        IMAGE,
        f"output out = x -> {CONV} -> batch_normalization -> relu -> {CONV} -> flatten {HEAD}",
        0.15,
    ),
    "lstm": (ROWS, f"output out = x -> lstm(128) {HEAD}", 0.05),
    "gru": (ROWS, f"output out = x -> gru(128, return_sequences=true) -> flatten {HEAD}", 0.1),
    "recurrent": (ROWS, f"output out = x -> simple_rnn(128) {HEAD}", 0.05),
    "lookup": (WORDS, f"output out = x -> embedding(5000, 64) -> flatten {HEAD}", 0.1),
    "attention": (
        ROWS,
        f"output out = (x, x) -> multi_head_attention(4, 16) -> flatten {HEAD}",
        0.3,
    ),
}


def program(input: str, body: str, more: str = "") -> kspec.Program:
    return compile_text(SPEC.format(input=input, body=body, more=more))


@pytest.mark.parametrize("name", MODELS)
def test_the_estimate_is_near_what_xla_says(name: str):
    input, body, off = MODELS[name]
    compiled = program(input, body).compiled
    (estimate,), (measured,) = estimates(compiled.module), measure(compiled)
    assert estimate.state + estimate.batch == pytest.approx(measured.arguments, abs=64)
    assert estimate.total == pytest.approx(measured.total, rel=off)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SPECS.glob("*.kspec")), ids=lambda path: path.stem)
def test_the_specs_are_within_15_percent(path):
    compiled = kspec.compile(path).compiled
    for estimate, measured in zip(estimates(compiled.module), measure(compiled), strict=True):
        assert estimate.total == pytest.approx(measured.total, rel=0.15)


SHAPE = (2, 8, 4, 16)
ELEMENTS = 2 * 8 * 4 * 16
IN_LOOPS: dict[str, Any] = {  # what JAX keeps of each op where it is differentiated
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "exp": jnp.exp,
    "sqrt": jnp.sqrt,
    "log": jnp.log,
    "sin": jnp.sin,
    "square": jnp.square,
    "negative": jnp.negative,
    "layer_norm": layer_normalize,
}


@pytest.mark.parametrize("name", IN_LOOPS)
def test_rounds_keep_what_jax_keeps(name: str):
    builder = Builder()
    x = builder.fresh("x", TensorType("f32", SHAPE))
    gamma = builder.fresh("gamma", TensorType("f32", SHAPE[-1:]))
    doubled = builder.op("add", x, x)
    if name == "layer_norm":
        attrs: dict[str, Any] = {"axis": (3,), "epsilon": 1e-3, "scale": True, "center": False}
        y = builder.op(name, doubled, gamma, **attrs)
    else:
        y = builder.op(name, doubled)
    func = Func("step", (x, gamma), tuple(builder.ops), (("carry.0", y),))
    kept = live(func, [x, gamma], [y], Sizes(1), looped=True).kept

    def call(x: Any, gamma: Any) -> Any:
        return IN_LOOPS[name](x + x, *((gamma,) if name == "layer_norm" else ()))

    found = [
        aval
        for aval, why in saved_residuals(call, jnp.ones(SHAPE), jnp.ones(SHAPE[-1:]))
        if aval.size == ELEMENTS and "broadcast_in_dim" not in why  # zeros are none of a round
    ]
    sizes = [aval.size * aval.dtype.itemsize for aval in found]
    assert kept == sum(sizes)


def test_rules_are_for_ops_that_there_are():
    named = {*FUSED, *MOVED, *READS_FUSED, *KEEPS, *IN_ROUNDS, *LINEAR, *NO_GRADIENT}
    assert named <= set(OPS)


def test_what_is_more_takes_more():
    module = program(VECTOR, f"output out = x -> dense(64, relu) {HEAD}").compiled.module
    small, large = (estimates(module, batch)[0] for batch in (8, 800))
    assert small.state == large.state
    assert large.batch == 100 * small.batch
    assert small.total < large.total < 100 * small.total
    assert small.example == 4 * 256 + 4


def test_frozen_weights_have_no_moments_and_no_gradients():
    phases = "phase head { freeze dense }\n  phase all { unfreeze dense }"
    body = f"output out = x -> dense(64, relu) {HEAD}"
    head, both = estimates(program(VECTOR, body, phases).compiled.module)
    assert head.optimizer == 2 * 4 * (64 * 10 + 10)
    assert both.optimizer == 2 * both.weights
    assert head.total < both.total
    assert head.flops < both.flops


def plan(*args: str) -> str:
    done = CliRunner().invoke(main, ["plan", *args])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_plan_for_people():
    lines = plan(str(SPECS / "digits_phases.kspec")).splitlines()
    table, memory, last = "\n".join(lines).split("\n\n")
    assert table.splitlines()[0].split() == [
        *("part", "weights", "FLOPs", "kept", "in", "fit", "kept", "in", "settle")
    ]
    assert "all of it" in table
    assert "optimizer's state" in memory
    assert last == "An example of the data is 68 B."
    assert len({len(line) for line in memory.splitlines()}) == 1  # columns end together


def test_the_page_shows_what_is_shown(monkeypatch):
    monkeypatch.chdir(SPECS.parent)
    page = (SPECS.parent / "docs" / "plan.md").read_text(encoding="utf-8")
    shown = page.split("$ kspec plan specs/digits.kspec\n")[1].split("```")[0]
    assert shown == plan("specs/digits.kspec")


def test_plan_for_programs():
    spec = str(SPECS / "digits.kspec")
    found = json.loads(plan(spec, "--json"))
    assert [part["part"] for part in found["parts"]][-1] == "loss and metrics"
    assert sum(part["weights"] for part in found["parts"]) == 38_410
    (phase,) = found["phases"]
    assert phase["batch_size"] == 32
    assert phase["total"] == phase["state"] + phase["step"]
    (other,) = json.loads(plan(spec, "--json", "--batch", "64"))["phases"]
    assert (other["batch_size"], other["batch"]) == (64, 2 * phase["batch"])
    (set_,) = json.loads(plan(spec, "--json", "--set", "train.batch=64"))["phases"]
    assert set_ == other


def test_plan_beside_what_xla_says():
    spec = str(SPECS / "digits.kspec")
    assert plan(spec, "--measure").splitlines()[-2].split()[:2] == ["in", "total"]
    (measured,) = json.loads(plan(spec, "--measure", "--json"))["measured"]
    assert measured["total"] > measured["arguments"] > 0


def test_plan_of_a_model_alone(tmp_path):
    spec = tmp_path / "net.kspec"
    spec.write_text("model Net {\n  input x : f32[4]\n  output y = x -> dense(3)\n}\n")
    assert "memory" not in plan(str(spec))
    assert json.loads(plan(str(spec), "--json"))["phases"] == []
    assert "does not train" in plan(str(spec), "--measure")


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**30, "3.0 GiB")]
)
def test_sizes_in_words(size: int, words: str):
    assert in_words(size) == words


def test_counts_in_words():
    assert [count_in_words(n) for n in (7, 1_500, 25_700_000)] == ["7", "1.5 k", "25.7 M"]
