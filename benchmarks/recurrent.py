"""A step of recurrent layers: kspec's kernels, the same as a scan, and Keras.

    python benchmarks/recurrent.py [--rounds 41] [--json]

A step is the loss and all gradients of `embedding(10_000, 128) -> lstm(64) -> dense(1)` for a
batch of 64 with 100 steps, without the optimizer; then with `gru`. All have the same weights
and data, in one process, on Keras' JAX backend; losses and gradients are compared before
anything is timed. Steps take turns, so that a busy machine slows all. `products` is what no
program of these shapes can do without: its matrix products alone, each as a single one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np

import kspec

ROWS, STEPS, WORDS, WIDTH, UNITS = 64, 100, 10_000, 128, 64
SPEC = """
data d {{
  source = arrays()
  tokens : i32[{steps}]
  t : f32[1]
}}
model M {{
  input tokens : i32[{steps}]
  output y = tokens -> embedding({words}, {width}) -> {layer} -> dense(1)
}}
train {{
  model = M
  data = d
  loss = mean_squared_error(t, y)
  optimizer = sgd(0.1)
  batch = {rows}
}}
"""
LAYERS: dict[str, tuple[str, str, Callable[[], keras.Layer], int]] = {
    # A list of cells goes along the axis of time as a scan, also if it has one cell.
    "lstm": (f"lstm({UNITS})", f"rnn([lstm_cell({UNITS})])", lambda: keras.layers.LSTM(UNITS), 4),
    "gru": (f"gru({UNITS})", f"rnn([gru_cell({UNITS})])", lambda: keras.layers.GRU(UNITS), 3),
}
Step = Callable[[], list[jax.Array]]  # the loss, then the gradients in the order of weights


def batch() -> dict[str, np.ndarray]:
    """Tokens and targets."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, WORDS, (ROWS, STEPS)).astype(np.int32)
    return {"tokens": tokens, "t": rng.normal(size=(ROWS, 1)).astype(np.float32)}


def keras_step(layer: keras.Layer) -> tuple[Step, list[np.ndarray]]:
    """The step of Keras, and its weights."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((STEPS,), dtype="int32"),
            keras.layers.Embedding(WORDS, WIDTH),
            layer,
            keras.layers.Dense(1),
        ]
    )
    data = {name: jnp.asarray(each) for name, each in batch().items()}
    fixed = [v.value for v in model.non_trainable_variables]

    def loss(weights: Any) -> jax.Array:
        y, _ = model.stateless_call(weights, fixed, data["tokens"], training=True)
        return jnp.mean(keras.losses.mean_squared_error(data["t"], y))

    function = jax.jit(jax.value_and_grad(loss))
    weights = [v.value for v in model.trainable_variables]
    return lambda: jax.tree.leaves(function(weights)), [np.asarray(each) for each in weights]


def kspec_step(layer: str, weights: list[np.ndarray]) -> Step:
    """The step of a spec, with the weights of Keras."""
    sizes = {"steps": STEPS, "words": WORDS, "width": WIDTH, "rows": ROWS}
    run = kspec.compile_text(SPEC.format(layer=layer, **sizes)).init()
    for path, weight in zip(run.weights, weights, strict=True):
        run.weights[path] = weight
    train: Any = run.executable.train
    data, mask = {name: jnp.asarray(each) for name, each in batch().items()}, jnp.ones(ROWS)
    params, stats, key = run.state["params"], run.state["stats"], jax.random.key(0)

    def both(params: Any) -> Any:
        (loss, _), grads = jax.value_and_grad(train, has_aux=True)(params, stats, data, mask, key)
        return loss, grads

    function, order = jax.jit(both), list(run.weights)

    def step() -> list[jax.Array]:
        loss, grads = jax.block_until_ready(function(params))
        return [loss, *(_leaf(grads, path) for path in order)]

    return step


def _leaf(tree: Any, path: str) -> jax.Array:
    for part in path.split("."):
        tree = tree[part]
    return tree


def products(gates: int) -> Step:
    """The matrix products of a step, forwards and for both gradients, each for all steps."""
    rng = np.random.default_rng(0)
    x, h, z = (
        jnp.asarray(rng.normal(size=(ROWS * STEPS, size)), jnp.float32)
        for size in (WIDTH, UNITS, gates * UNITS)
    )
    kernels = [jnp.ones((size, gates * UNITS)) for size in (WIDTH, UNITS)]

    @jax.jit
    def function(x: Any, h: Any, z: Any) -> Any:
        pairs = zip((x, h), kernels, strict=True)
        return [(each @ kernel, z @ kernel.T, each.T @ z) for each, kernel in pairs]

    return lambda: jax.block_until_ready(function(x, h, z))


def costs(step: Step) -> tuple[float, float, int]:
    """What one step takes: seconds, seconds of CPU, and pages."""
    wall, cpu, before = time.perf_counter(), time.process_time(), _faults()
    jax.block_until_ready(step())
    return time.perf_counter() - wall, time.process_time() - cpu, _faults() - before


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def measure(layer: str, rounds: int) -> dict[str, Any]:
    """The medians of all ways, how far their results are apart, and their ratios."""
    kernel, scan, make, gates = LAYERS[layer]
    theirs, weights = keras_step(make())
    steps = {"kernel": kspec_step(kernel, weights), "scan": kspec_step(scan, weights)}
    steps |= {"keras": theirs, "products": products(gates)}
    results = {name: step() for name, step in steps.items()}
    apart = max(
        float(jnp.abs(one - other).max() / (jnp.abs(other).max() + 1e-12))
        for name in ("kernel", "scan")
        for one, other in zip(results[name], results["keras"], strict=True)
    )
    if apart > 1e-3:
        raise SystemExit(f"{layer}: losses or gradients differ by {apart:.1e} of the largest")
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            found[name].append(costs(step))
    medians = {
        name: tuple(map(statistics.median, zip(*f, strict=True))) for name, f in found.items()
    }
    return {
        "step_s": {name: wall for name, (wall, _, _) in medians.items()},
        "fastest_s": {name: min(each)[0] for name, each in found.items()},
        "cpu_s": {name: cpu for name, (_, cpu, _) in medians.items()},
        "faults": {name: pages for name, (*_, pages) in medians.items()},
        "apart": apart,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    device = jax.devices()[0]
    report: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{device.platform}: {device.device_kind}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {name: metadata.version(name) for name in ("jax", "keras", "kspec")},
        "layers": {layer: measure(layer, args.rounds) for layer in LAYERS},
    }
    if args.json:
        print(json.dumps(report, indent=2))
        return
    for layer, found in report["layers"].items():
        print(f"{layer}: results within {found['apart']:.0e} of the largest")
        for name, wall in found["step_s"].items():
            fastest, cpu = found["fastest_s"][name], found["cpu_s"][name]
            print(
                f"  {name:8} {wall * 1e3:6.1f} ms a step, fastest {fastest * 1e3:.1f}, "
                f"cpu {cpu * 1e3:.1f}, {found['faults'][name]:.0f} faults"
            )
        for other in ("scan", "keras"):
            wall, cpu = (found[key][other] / found[key]["kernel"] for key in ("step_s", "cpu_s"))
            print(f"  the kernel is {wall:.2f} times as fast as {other}, {cpu:.2f} by cpu")


if __name__ == "__main__":
    main()
