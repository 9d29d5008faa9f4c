"""Derive the functions of training, evaluation and prediction from the one graph.

The graph says what a model means; each mode keeps what it needs. Dropout is drawn in
training and gone elsewhere. Batch normalization takes the batch's own moments in
training, counting real examples only, and its moving statistics elsewhere; training
also returns the new statistics. Each phase of training has a function of its own, `train` or
`train_<phase>`, where batch normalization that is frozen uses its moving statistics, too.

Before:
    func graph(%x: f32[B,8], %label: i32[B], %mask: f32[B]) {
      %h = dropout(%x) rate=0.5 : f32[B,8]
      ...
      return output.digit=%p, loss=%loss, sum.loss.total=%t, sum.loss.count=%c
    }

After:
    func train(%x: f32[B,8], %label: i32[B], %mask: f32[B], %key: key[]) {
      %key.2 = fold_in(%key) data=0 : key[]
      %h = dropout_with_key(%x, %key.2) rate=0.5 : f32[B,8]
      ...
      return loss=%loss, sum.loss.total=%t, sum.loss.count=%c
    }
    func eval(%x: f32[B,8], %label: i32[B], %mask: f32[B]) {
      ...
      return sum.loss.total=%t, sum.loss.count=%c
    }
    func predict(%x: f32[B,8]) {
      ...
      return output.digit=%p
    }
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kspec.ir import KEY, Builder, Func, Module, Op, Phase, TensorType, Value
from kspec.passes.rewrite import live_ops, rewrite_func


def derive_modes(module: Module) -> Module:
    """Replace `graph` by `train`, `eval` and `predict`; a model alone gets `predict`."""
    graphs = [func for func in module.funcs if func.name == "graph"]
    if not graphs:
        return module
    (graph,) = graphs
    rest = tuple(func for func in module.funcs if func is not graph)
    modes = (_inference(graph, "predict", ("output.",)),)
    if module.train is not None:
        phases = [_train(graph, phase) for phase in module.train.phases]
        modes = (*phases, _inference(graph, "eval", ("sum.",)), *modes)
    return replace(module, funcs=(*modes, *rest))


def _train(graph: Func, phase: Phase) -> Func:
    """The function of a phase; batch normalization whose statistics are frozen uses them."""
    mask = graph.params[-1]
    key = Value("key", TensorType(KEY, ()))
    moving: dict[Value, Value] = {}  # each statistic and what the step makes of it
    draws = 0

    def rule(op: Op, b: Builder) -> Value | None:
        nonlocal draws
        if op.name == "dropout":
            if op.attrs["rate"] == 0:
                return op.args[0]
            drawn = b.op("fold_in", key, hint="key", data=draws)
            draws += 1
            return b.op("dropout_with_key", op.args[0], drawn, rate=op.attrs["rate"])
        if op.name == "batch_norm":
            if op.args[1].name in phase.frozen:
                return _normalize(op, op.args[1:3], b)
            return _normalize_by_batch(op, mask, moving, b)
        return None

    func = rewrite_func(_slice(graph, phase.named("train"), ("loss", "sum.")), rule, ("key",))
    updates = tuple((f"update.{old.name}", new) for old, new in moving.items())
    params = (*graph.params, *((key,) if draws else ()))
    return replace(func, params=params, returns=(*func.returns, *updates))


def _normalize_by_batch(op: Op, mask: Value, moving: dict[Value, Value], b: Builder) -> Value:
    x, *statistics = op.args[:3]
    axis = op.attrs["axis"]
    moments = b.op_n("masked_moments", x, mask, axis=axis)
    for old, new in zip(statistics, moments, strict=True):
        last = moving.get(old, old)
        hint = old.name.rsplit(".", 1)[-1]
        moving[old] = b.op("moving_average", last, new, hint=hint, momentum=op.attrs["momentum"])
    return _normalize(op, moments, b)


def _normalize(op: Op, moments: tuple[Value, ...], b: Builder) -> Value:
    attrs: dict[str, Any] = {
        name: op.attrs[name] for name in ("axis", "epsilon", "scale", "center")
    }
    return b.op("batch_normalize", op.args[0], *moments, *op.args[3:], **attrs)


def _inference(graph: Func, name: str, kinds: tuple[str, ...]) -> Func:
    """The function without chance and with frozen statistics."""

    def rule(op: Op, b: Builder) -> Value | None:
        if op.name == "dropout":
            return op.args[0]
        if op.name == "batch_norm":
            return _normalize(op, op.args[1:3], b)
        return None

    func = rewrite_func(_slice(graph, name, kinds), rule)
    if name != "predict":
        return func
    used = {value for op in func.ops for value in op.args}
    used.update(value for _, value in func.returns)
    return replace(func, params=tuple(value for value in graph.params if value in used))


def _slice(graph: Func, name: str, kinds: tuple[str, ...]) -> Func:
    """The part of the graph that results of these kinds need."""
    returns = tuple((key, value) for key, value in graph.returns if key.startswith(kinds))
    ops = live_ops(graph.ops, (value for _, value in returns))
    return Func(name, graph.params, tuple(ops), returns)
