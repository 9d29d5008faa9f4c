"""Derive the functions of training, evaluation and prediction from the one graph.

The graph says what a model means; each mode keeps what it needs. `where_training` gives its
first operand in training and its second elsewhere, so that dropout is drawn or gone. A
`random_key` is folded from the step's key, its place, and the round of a body around it.
Batch normalization takes the batch's own moments in training, counting real examples only,
and its moving statistics elsewhere; training also returns the new statistics. Penalties on
weights that learn are added to the loss. Each phase of training has a function of its own,
`train` or `train_<phase>`, where batch normalization that is frozen uses its moving
statistics, too; where weights that it learns are constrained, it has `constrain` or
`constrain_<phase>`.

Before:
    func graph(%x: f32[B,8], %label: i32[B], %mask: f32[B]) {
      %key = random_key() : key[]
      %d = dropout_with_key(%x, %key) rate=0.5 : f32[B,8]
      %h = where_training(%d, %x) : f32[B,8]
      ...
      return output.digit=%p, loss=%loss, sum.loss.total=%t, sum.loss.count=%c
    }

After:
    func train(%x: f32[B,8], %label: i32[B], %mask: f32[B], %key: key[]) {
      %key.2 = fold_in(%key) data=0 : key[]
      %d = dropout_with_key(%x, %key.2) rate=0.5 : f32[B,8]
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

from kspec.ir import KEY, Builder, Func, Module, Op, Phase, TensorType, Value
from kspec.ir.uses import live_ops
from kspec.passes.batch_statistics import BATCH_NORMS, normalize_as_moved, normalize_by_batch
from kspec.passes.rewrite import rewrite_func, without_unused


def derive_modes(module: Module) -> Module:
    """Replace `graph` by `train`, `eval` and `predict`; a model alone gets `predict`."""
    graphs = [func for func in module.funcs if func.name == "graph"]
    if not graphs:
        return module
    (graph,) = graphs
    rest = [func for func in module.funcs if func.name not in ("graph", "constrain")]
    modes = [inference(graph, "predict", ("output.",))]
    if module.train is not None:
        phases = module.train.phases
        modes.insert(0, _evaluation(graph, phases))
        modes[:0] = [_train(graph, phase) for phase in phases]
        limits = [func for func in module.funcs if func.name == "constrain"]
        rest += [each for func in limits for p in phases if (each := _constrain(func, p)).returns]
    return replace(module, funcs=(*modes, *rest))


def _train(graph: Func, phase: Phase) -> Func:
    """The function of a phase; batch normalization whose statistics are frozen uses them."""
    mask = graph.params[-1]
    key = Value("key", TensorType(KEY, ()))
    moving: dict[Value, Value] = {}  # each statistic and what the step makes of it
    draws = 0

    def rule(op: Op, b: Builder) -> Value | None:
        nonlocal draws
        if op.name == "where_training":
            return op.args[0]
        if op.name == "random_key":
            draws += 1
            drawn = b.op("fold_in", key, hint="key", data=draws - 1)
            for number in op.args:
                drawn = b.op("fold_in_number", drawn, number, hint="key")
            return drawn
        if op.name in BATCH_NORMS:
            if op.args[1].name in phase.frozen:
                return normalize_as_moved(op, b)
            return normalize_by_batch(op, mask, moving, b)
        return None

    func = _slice(graph, phase.named("train"), ("loss", "sum.", "update.", "penalty."))
    func = _penalize(rewrite_func(func, rule, ("key",)), set(phase.frozen))
    kept = [
        (name, value)
        for name, value in func.returns
        if not name.startswith("update.") or name.removeprefix("update.") not in phase.frozen
    ]
    kept += [(f"update.{old.name}", new) for old, new in moving.items()]
    func = _live(replace(func, returns=tuple(kept)))
    params = (*graph.params, *((key,) if any(key in op.uses for op in func.ops) else ()))
    return replace(func, params=params)


def _penalize(func: Func, frozen: set[str]) -> Func:
    """Add the penalties on what is not frozen to the loss, and to the loss's sum."""
    penalties = {
        name.removeprefix("penalty."): value
        for name, value in func.returns
        if name.startswith("penalty.")
    }
    returns = {name: v for name, v in func.returns if not name.startswith("penalty.")}
    own = [value for name, value in penalties.items() if name not in frozen]
    if own:
        b = Builder(func.names)
        b.ops.extend(func.ops)
        b.hint = "penalty"
        total = own[0]
        for value in own[1:]:
            total = b.op("add", total, value)
        if "loss" in returns:
            returns["loss"] = b.op("add", returns["loss"], total, hint="loss")
        share = b.op("multiply", total, returns["sum.loss.count"])
        returns["sum.loss.total"] = b.op("add", returns["sum.loss.total"], share, hint="loss_total")
        func = func.with_ops(b.ops)
    return replace(func, returns=tuple(returns.items()))


def _constrain(func: Func, phase: Phase) -> Func:
    """What the constraints make of the weights that a phase learns."""
    own = [(path, value) for path, value in func.returns if path not in phase.frozen]
    return _live(replace(func, name=phase.named("constrain"), returns=tuple(own)))


def _evaluation(graph: Func, phases: tuple[Phase, ...]) -> Func:
    """The sums of a batch; the loss has the penalties on all that some phase learns."""
    never = {p for p in phases[0].frozen if all(p in phase.frozen for phase in phases)}
    func = _live(_penalize(inference(graph, "eval", ("sum.", "penalty.")), never))
    return without_unused(func, graph.params[-1:])


def inference(graph: Func, name: str, kinds: tuple[str, ...]) -> Func:
    """The function without chance and with frozen statistics."""

    def rule(op: Op, b: Builder) -> Value | None:
        if op.name == "where_training":
            return op.args[1]
        if op.name in BATCH_NORMS:
            return normalize_as_moved(op, b)
        return None

    func = _live(rewrite_func(_slice(graph, name, kinds), rule))
    return func if name == "eval" else without_unused(func)


def _slice(graph: Func, name: str, kinds: tuple[str, ...]) -> Func:
    """The part of the graph that results of these kinds need."""
    returns = tuple((key, value) for key, value in graph.returns if key.startswith(kinds))
    return _live(Func(name, graph.params, graph.ops, returns))


def _live(func: Func) -> Func:
    return func.with_ops(live_ops(func.ops, (value for _, value in func.returns)))
