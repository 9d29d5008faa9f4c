"""Optimizers: the weights of Keras after twenty steps from the same start."""

from __future__ import annotations

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.registry import names
from kspec.runtime.weights import flatten
from tests.parity.harness import Figure, close, floats, keras, program, spell
from tests.parity.optimizers import Args, adam, adaptive, descent, sign
from tests.parity.test_signatures import CLASSES

STEPS = 20
# A weight with four axes, an embedding, a matrix, and a bias.
BODY = """
  input x : f32[3, 3, 2]
  conv = x -> conv2d(3, 2, use_bias=false, name="conv") -> flatten
  wide = x -> flatten -> Embedding(6) -> dense(12, name="wide")
  output y = conv + wide
}

block Embedding(units) {
  input x : f32[D]
  weight embeddings : f32[D, units] = glorot_uniform
  output x @ embeddings
"""
FIELDS = "  x : f32[3, 3, 2]\n  target : f32[12]"
FAMILIES = {"adam": adam, "adaptive": adaptive, "descent": descent, "sign": sign}
FAMILY = {name: family for family, module in FAMILIES.items() for name in module.TABLE}
TABLES = descent.TABLE | adam.TABLE | adaptive.TABLE | sign.TABLE
STAIRS = ([4, 11], [0.05, 0.2, 0.01])  # a schedule
EXCLUDED = {"exclude_from_weight_decay": ["**.bias", "conv"]}
COMMON: tuple[Args, ...] = (
    {},
    {"weight_decay": 0.3, "use_ema": True},
    {"weight_decay": 0.3, **EXCLUDED},
    {"clipnorm": 0.05, "loss_scale_factor": 1000.0},
    {"clipvalue": 0.05, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {
        "learning_rate": STAIRS,
        "weight_decay": 0.1,
        "global_clipnorm": 0.1,
        "use_ema": True,
        "ema_momentum": 0.5,
        "ema_overwrite_frequency": 4,
        **EXCLUDED,
    },
)
# What the common options are tried with: with the default, steps would be too small to see.
RATES = {"adadelta": 1.0, "adafactor": 0.1, "adagrad": 0.1, "ftrl": 0.1, "sgd": 0.1}
CASES = [(name, args) for name, rows in TABLES.items() for args in rows]
CASES += [
    (name, {"learning_rate": RATES.get(name, 0.01), **args} if args else {})
    for name in TABLES
    for args in COMMON
]


def test_every_optimizer_and_argument_is_here():
    assert set(TABLES) == set(names("optimizer"))
    for name, cls in names("optimizer").items():
        tried = {key for case in CASES if case[0] == name for key in case[1]}
        assert tried == {arg.name for arg in cls.args}, name


def spelled(name: str, args: Args) -> str:
    """The optimizer as a spec writes it."""
    args = dict(args)
    rate = args.pop("learning_rate", None)
    if isinstance(rate, tuple):
        rate = f"piecewise_constant_decay({rate[0]}, {rate[1]})"
    lead = "" if rate is None else str(rate)
    return f"{name}({lead}{spell(args, ', ' if lead else '')})"


def of_keras(name: str, args: Args, variables: list[Any]) -> Any:
    """The same optimizer of Keras."""
    args = dict(args)
    excluded = args.pop("exclude_from_weight_decay", [])
    if isinstance(args.get("learning_rate"), tuple):
        args["learning_rate"] = keras.optimizers.schedules.PiecewiseConstantDecay(
            *args["learning_rate"]
        )
    if "exclude_layers" in args:
        args["exclude_layers"] = [each.replace("**", "") for each in args["exclude_layers"]]
    optimizer = CLASSES["optimizer"][name.replace("_", "")](**args)
    if excluded:
        words = [each.replace("**.", "") for each in excluded]
        optimizer.exclude_from_weight_decay(var_names=words)
    optimizer.build(variables)
    return optimizer


def unflatten(flat: dict[str, Any]) -> dict[str, Any]:
    """`{"dense.kernel": a}` as `{"dense": {"kernel": a}}`."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        part, name = path.split(".")
        tree.setdefault(part, {})[name] = value
    return tree


def after(name: str, args: Args) -> dict[str, tuple[Any, ...]]:
    """Each weight at the start; ours and Keras' after twenty steps, and when training ends."""
    train = f"  loss = mean_squared_error(target, y)\n  optimizer = {spelled(name, args)}"
    run = program(BODY, train, FIELDS)
    for seed, path in enumerate(flatten(run.state["params"])):
        run.weights[path] = floats(*run.weights[path].shape, seed=200 + seed) * 0.5
    executable = cast("Any", run.executable)
    params, state = run.state["params"], run.state["optimizer"]
    start = flatten(params)
    variables = {p: keras.Variable(w, name=p.replace(".", "_")) for p, w in start.items()}
    optimizer = of_keras(name, args, list(variables.values()))
    update = executable.optimizer.update
    for step in range(STEPS):
        # The same for both, so that rounding in one step is not made larger by the next.
        grads = {p: 0.1 * floats(*w.shape, seed=step + w.size) for p, w in start.items()}
        grads = {path: optimizer.scale_loss(grad) for path, grad in grads.items()}
        updates, state = update(unflatten(grads), state, params)
        params = jax.tree.map(jnp.add, params, updates)
        optimizer.apply(list(grads.values()), list(variables.values()))
    ours = flatten(params)
    found = {p: (w, ours[p], np.asarray(variables[p].value)) for p, w in start.items()}
    if args.get("use_ema"):
        ended = executable.finalize({**run.state, "params": params, "optimizer": state})
        optimizer.finalize_variable_values(list(variables.values()))
        ours = flatten(ended["params"])
        found = {p: (*all, ours[p], np.asarray(variables[p].value)) for p, all in found.items()}
    return found


@pytest.mark.parametrize(("name", "args"), CASES, ids=str)
def test_weights_after_twenty_steps_are_those_of_keras(name, args):
    figure = Figure("optimizer", FAMILY[name])
    for path, (start, ours, theirs, *ends) in after(name, args).items():
        # Rounding of the weights, and of all that moved them.
        tolerance = 1e-6 * np.abs(theirs).max() + 1.5e-5 * np.abs(theirs - start).max()
        close(ours, theirs, 0, tolerance, path, figure)
        if ends:
            close(*ends, 0, tolerance, path, figure)


def test_the_scale_of_the_loss_is_in_its_gradients_alone():
    """By a power of two nothing is rounded: what is reported and learned is the same."""
    train = "  loss = mean_squared_error(target, y)\n  optimizer = adam(0.1{})"
    batch = {"x": floats(4, 3, 3, 2), "target": floats(4, 12)}
    results: list[Any] = []
    for option in ("", ", loss_scale_factor=1024"):
        run = program(BODY, train.format(option), FIELDS)
        state, sums = run.executable.train_step(run.state, batch, np.ones(4, np.float32))
        results.append((jax.device_get(state["params"]), jax.device_get(sums)))
    jax.tree.map(np.testing.assert_array_equal, *results)
