"""What training, evaluation and prediction are, said of the one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kspec.ir import FLOATS, Func, Module, Phase, Value
from tests.oracle.interpreter.core import (
    Array,
    Aside,
    Context,
    Draws,
    Env,
    Grads,
    Record,
    as_array,
    bind,
    evaluate,
    live,
    walk,
)

Weights = dict[str, Array]


@dataclass(frozen=True)
class Trained:
    """What one step of training found, before the optimizer.

    Attributes:
        loss: The mean loss of the batch's examples, penalties included.
        sums: What loss and metrics add up.
        grads: The gradients of the weights that learn, by path.
        fixed: The new values of statistics, by path.
    """

    loss: Array
    sums: Weights
    grads: Weights
    fixed: Weights


def _start(
    module: Module, fields: Mapping[str, Any], weights: Weights
) -> tuple[Func, Env, dict[str, int]]:
    graph = module.func("graph")
    env, sizes = bind(graph, fields)
    env.update({w.value: as_array(weights[w.path], w.value.type) for w in module.weights})
    return graph, env, sizes


def _run(graph: Func, kinds: tuple[str, ...], env: Env, context: Context) -> Record:
    """Evaluate what results of these kinds need, and number what is drawn for them."""
    ops = live(graph.ops, (value for name, value in graph.returns if name.startswith(kinds)))
    drawn = [op for op in walk(ops) if op.name == "random_key"]
    context.places = {op: number for number, op in enumerate(drawn)}
    return evaluate(ops, env, context)


def _named(graph: Func, kind: str, env: Env) -> Weights:
    """The results of a kind, by the rest of their names."""
    return {
        name.removeprefix(kind): np.asarray(env[value])
        for name, value in graph.returns
        if name.startswith(kind)
    }


def predict(module: Module, fields: Mapping[str, Any], weights: Weights, aside: Aside) -> Weights:
    """The outputs."""
    graph, env, sizes = _start(module, fields, weights)
    _run(graph, ("output.",), env, Context("predict", sizes, aside=aside))
    return _named(graph, "output.", env)


def evaluate_batch(
    module: Module, fields: Mapping[str, Any], mask: Array, weights: Weights, aside: Aside
) -> Weights:
    """What a batch adds to the sums; the loss has the penalties on what some phase learns."""
    assert module.train is not None
    graph, env, sizes = _start(module, {**fields, "mask": mask}, weights)
    _run(graph, ("sum.", "penalty."), env, Context("eval", sizes, aside=aside))
    sums = _named(graph, "sum.", env)
    never = frozenset.intersection(*(frozenset(p.frozen) for p in module.train.phases))
    total = sum(v for path, v in _named(graph, "penalty.", env).items() if path not in never)
    sums["loss.total"] = sums["loss.total"] + total * sums["loss.count"]
    return sums


def train(
    module: Module,
    phase: Phase,
    fields: Mapping[str, Any],
    mask: Array,
    weights: Weights,
    draws: Draws,
    aside: Aside,
) -> Trained:
    """Loss, gradients and new statistics of a batch in a phase."""
    graph, env, sizes = _start(module, {**fields, "mask": mask}, weights)
    frozen = frozenset(phase.frozen)
    examples = as_array(mask, graph.params[-1].type)
    context = Context("train", sizes, examples, frozen, draws, aside=aside)
    record = _run(graph, ("loss", "sum.", "update.", "penalty."), env, context)
    penalties = {
        path: value for path, value in _of_kind(graph, "penalty.").items() if path not in frozen
    }
    sums = _named(graph, "sum.", env)
    penalty = sum(env[value] for value in penalties.values())
    sums["loss.total"] = sums["loss.total"] + penalty * sums["loss.count"]
    grads = Grads()
    for value in (graph.result("loss"), *penalties.values()):
        grads.add(value, np.ones(()))
    kept = Grads(grads)
    record.backward(kept)
    learned = [w for w in module.weights if w.trainable and w.path not in frozen]
    updates = {
        path: value for path, value in _named(graph, "update.", env).items() if path not in frozen
    }
    return Trained(
        env[graph.result("loss")] + penalty,
        sums,
        {w.path: kept.get(w.value, np.zeros_like(env[w.value])) for w in learned},
        {**updates, **context.moving},
    )


def _of_kind(graph: Func, kind: str) -> dict[str, Value]:
    return {
        name.removeprefix(kind): value for name, value in graph.returns if name.startswith(kind)
    }


def constrained(module: Module, phase: Phase, weights: Weights) -> Weights:
    """What constraints make of the weights that a phase learns."""
    found = [func for func in module.funcs if func.name == "constrain"]
    if not found:
        return {}
    env: Env = {w.value: weights[w.path] for w in module.weights if w.value.type.dtype in FLOATS}
    returns = [(path, value) for path, value in found[0].returns if path not in phase.frozen]
    evaluate(live(found[0].ops, (v for _, v in returns)), env, Context("train", {}))
    return {path: env[value] for path, value in returns}
