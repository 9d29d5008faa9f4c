"""Weights of rounds as one array of the state: nobody outside of the program sees that."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.optimizers.base import Optimizer
from kspec.passes import stack_weights
from kspec.plan_text import plan_from_json, plan_to_json
from kspec.registry import names
from tests.cuts import in_parts
from tests.test_optimizer_text import program as small
from tests.test_phases import same, weights
from tests.without import program_without

SPEC = """
data rows {
  source = arrays()
  x : f32[32, 8]
  y : f32[32, 8]
}

block Layer {
  input x : f32[T, 8]
  output x + (x -> dense(8, tanh))
}

block Tower {
  input x : f32[T, 8]
  repeat 16 { x = x -> Layer() }
  output x
}

model Net {
  input x : f32[32, 8]
  share tower = Tower()
  output out = x -> dense(8) -> tower -> dense(8)
}

train {
  model     = Net
  data      = rows
  loss      = mean_squared_error(y, out)
  batch     = 16
  BODY
}
"""
PHASES = """optimizer = adamw(0.01, exclude_from_weight_decay=["**.bias"])
  optimizer **.bias = rmsprop(0.01, momentum=0.5)
  phase head { epochs = 1, freeze tower }
  phase tune { epochs = 2, unfreeze tower, optimizer = adam(0.01, use_ema=true) }"""
SIMPLE = """optimizer = OPTIMIZER
  epochs = 2
  terminate_on_nan {}"""
STACKED = "stack_weights(params)"


def spec(body: str = SIMPLE, optimizer: str = "adam(0.01)") -> str:
    return SPEC.replace("BODY", body.replace("OPTIMIZER", optimizer))


def rows(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal((32, 32, 8), np.float32) for name in ("x", "y")}


DATA = {"train": rows(0), "validation": rows(1)}


def test_a_run_is_what_it_is_with_weights_by_themselves():
    """Phases, parts that are frozen, groups by path, decay, averages, files of weights."""
    text = spec(PHASES)
    programs = kspec.compile_text(text), program_without(stack_weights, text)
    stacked, single = runs = [program.init() for program in programs]
    assert STACKED in stacked.bundle.python
    assert STACKED not in single.bundle.python
    assert list(stacked.weights) == list(single.weights)
    assert "tower.layer_15.dense.kernel" in stacked.weights
    assert same(weights(stacked), weights(single)) == set(stacked.weights)
    for run in runs:
        run.fit(DATA, quiet=True)
    for path, value in weights(single).items():
        np.testing.assert_allclose(stacked.weights[path], value, rtol=1e-4, atol=1e-5)
    predictions = [run.predict({"x": DATA["train"]["x"]})["out"] for run in runs]
    np.testing.assert_allclose(*predictions, rtol=1e-3, atol=1e-4)


RULES = {
    "he_normal": "jax.lax.map( lambda key: scaled_truncated_normal( key,",  # in a loop over keys
    "he_uniform": "jax.lax.map( lambda key: scaled_uniform( key,",
    'variance_scaling(2.0, distribution="untruncated_normal")': "lambda key: scaled_normal( key,",
    "orthogonal(0.5)": "jax.lax.map( lambda key: jax.nn.initializers.orthogonal(0.5)( key,",
    "random_normal(0.15, 0.3)": "jax.lax.map( lambda key: jnp.reshape( scale_and_shift(",
    "truncated_normal(0.15, 0.3)": "jax.lax.map( lambda key: jnp.reshape( scale_and_shift(",
    "random_uniform(0.0, 0.3)": "jax.lax.map( lambda key: jnp.reshape( jax.random.uniform(key,",
    "random_normal(0.01 * i)": "jax.random.normal(keys[2], (64,), jnp.float32), 0.05, 0.0",
    "constant(0.5)": "jnp.full((16, 8, 8), 0.5, jnp.float32)",
    "identity(0.5)": "jnp.stack([0.5 * jnp.eye(8, 8, dtype=jnp.float32)] * 16)",
}


@pytest.mark.parametrize(("rule", "lines"), RULES.items())
def test_layers_that_start_alike_are_drawn_in_one_loop(rule, lines):
    for tower in towers(rule):
        source = kspec.compile_text(tower_of(tower)).source
        assert "".join(lines.split()) in "".join(source.split())


@pytest.mark.slow  # with XLA as it is for users
@pytest.mark.parametrize("rule", RULES)
def test_layers_start_as_they_do_by_themselves(rule):
    """Bit for bit, in one program or op by op, in blocks and among other layers."""
    for tower in towers(rule):
        starting_as_single_weights(tower)


def test_layers_of_a_loop_draw_as_one():
    """Which says how the first state is made: see `beginning`."""
    program = kspec.compile_text(spec())
    alone = program_without(stack_weights, spec())
    assert program.bundle().plan.draws == (3, 2)  # one loop, and two that are alike
    assert alone.bundle().plan.draws == (18, 1)
    plan = plan_from_json(plan_to_json(program.bundle().plan))
    assert plan.draws == (3, 2)


def towers(rule: str) -> list[str]:
    """Loops of layers whose kernels start by a rule."""
    layers = f"dense(8, tanh, kernel_initializer={rule}) -> dense(8, bias_initializer=ones)"
    return [f"repeat i in 0..16 {{ x = {x} }}" for x in (f"x + (x -> {layers})", f"x -> {layers}")]


def tower_of(statement: str) -> str:
    return spec().replace("repeat 16 { x = x -> Layer() }", statement)


def test_layers_whose_keys_are_in_another_order_start_as_they_do_by_themselves():
    shares = "".join(f"share l{number} = Layer()\n  " for number in range(16))
    calls = " -> ".join(f"l{number}" for number in range(16))
    python = starting_as_single_weights(f"{shares}y = x -> l5\n  x = x -> {calls}")
    draws = re.findall(r"uniform\(\s*keys\[(\d+)\]", python)
    assert [int(key) for key in draws[1:17]] == [4, 6, 8, 10, 12, 2, *range(14, 34, 2)]


def test_long_lines_of_first_weights_need_no_formatter(tmp_path):
    rules = [
        "glorot_uniform",
        "truncated_normal(0.125, 0.0123456)",
        'variance_scaling(0.0123456, "fan_avg", "uniform")',
        "random_normal(0.125 + i, 0.0123456)",
    ]
    wide = spec().replace("8]", "256]").replace("dense(8", "dense(256")
    for number, rule in enumerate(rules):
        layer = f"dense(256, tanh, kernel_initializer={rule})"
        loop = f"repeat i in 0..16 {{ x = x + (x -> {layer}) }}"
        program = kspec.compile_text(wide.replace("repeat 16 { x = x -> Layer() }", loop))
        assert STACKED in program.compiled.python
        (tmp_path / f"rule_{number}.py").write_text(program.compiled.python, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--isolated", str(tmp_path)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def starting_as_single_weights(tower: str) -> str:
    """The program of a tower, whose first weights are those of the program without stacks."""
    text = tower_of(tower)
    program = kspec.compile_text(text)
    first, single = (
        weights(each.init()) for each in (program, program_without(stack_weights, text))
    )
    assert STACKED in program.compiled.python
    assert list(first) == list(single)
    assert same(first, single) == set(single)
    return program.compiled.python


def test_a_run_that_dies_goes_on_as_if_it_had_not(tmp_path):
    program = kspec.compile_text(spec())
    assert STACKED in program.compiled.python
    run = in_parts(program, tmp_path / "run", [1], DATA)
    whole = weights(program.fit(DATA, quiet=True))
    assert same(weights(run), whole) == set(whole)
    assert same(weights(kspec.load(tmp_path / "run")), whole) == set(whole)


def test_one_weight_is_set_and_found_by_its_path():
    run = kspec.compile_text(spec()).init()
    before = weights(run)
    path = "tower.layer_3.dense.kernel"
    run.weights[path] = np.full((8, 8), np.nan)
    assert same(weights(run), before) == set(before) - {path}
    with pytest.raises(ValueError, match="shape"):
        run.weights["tower.layer_2.dense.kernel"] = np.zeros((16, 8, 8))
    with pytest.raises(KeyError):
        run.weights["tower.layers.dense.kernel"] = np.zeros((8, 8))
    with pytest.raises(SpecError, match=r"tower\.layer_3\.dense\.kernel"):
        run.fit(DATA, quiet=True)


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        ("adam(0.01, clipnorm=0.1)", "`clipnorm` is the norm of each weight"),
        ("lamb(0.01)", "`lamb` sees each weight as a whole"),
        (
            'adamw(0.01, exclude_from_weight_decay=["**.layer_3.**"])',
            "weight decay leaves out some of them",
        ),
    ],
)
def test_why_weights_stay_by_themselves(optimizer, why):
    program = kspec.compile_text(spec(optimizer=optimizer))
    assert STACKED not in program.compiled.python
    assert any(why in each.text for each in program.compiled.stages["stack_weights"].remarks)


# The rule of muon goes by the paths of weights.
@pytest.mark.parametrize("name", [name for name in names("optimizer") if name != "muon"])
def test_optimizers_move_numbers_by_themselves_or_say_that_they_do_not(name):
    """Three updates of three weights, and of one array that has them all."""
    made: dict[str, Any] = {}
    exec(small(f"  optimizer = {name}()").compiled.python, made)
    rule = made["optimizer"]
    rng = np.random.default_rng(0)
    first, *grads = rng.standard_normal((4, 3, 4, 4)).astype(np.float32)

    def train(params: Any, split: Any) -> Any:
        state = rule.init(params)
        for grad in grads:
            updates, state = rule.update(split(grad), state, params)
            params = jax.tree.map(jnp.add, params, updates)
        return params

    apart = jnp.stack(train(list(first), list))
    together = train(first, lambda grad: grad)
    kind = names("optimizer")[name]
    assert issubclass(kind, Optimizer)
    assert np.allclose(apart, together, rtol=1e-5, atol=1e-7) == kind.elementwise
