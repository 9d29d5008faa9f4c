"""Split the graph: what needs text or vocabularies runs on the host, before the device.

`prepare` has all ops of the host and what they need of others; it gives the values that the
device takes over, which become parameters of the graph. It is the same for training,
evaluation and prediction. `learn` says what weights start with that are learned from the
training split: each of its results is made of a value over all batches, by one of the ops of
that stage.

Before:
    weight @text.vocabulary : table[] = zeros()
    func graph(%review: str[B], %label: i32[B], %mask: f32[B]) {
      %words = split_text(%review) ... width=200 : str[B,200]
      %table = learn_vocabulary(%words) most=998 : table[]
      %ids = look_up(%words, @text.vocabulary) : i32[B,200]
      ...
      return output.y=%y, loss=%loss, learn.text.vocabulary=%table
    }

After:
    func graph(%label: i32[B], %ids: i32[B,200], %mask: f32[B]) {
      ...
      return output.y=%y, loss=%loss
    }
    func prepare(%review: str[B]) {
      %words = split_text(%review) ... width=200 : str[B,200]
      %ids = look_up(%words, @text.vocabulary) : i32[B,200]
      return prepared.ids=%ids
    }
    func learn(%review: str[B]) {
      %words = split_text(%review) ... width=200 : str[B,200]
      %table = learn_vocabulary(%words) most=998 : table[]
      return learn.text.vocabulary=%table
    }
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kspec.ir import OPS, Func, Module, Op, Value
from kspec.ir.uses import live_ops
from kspec.passes.derive_modes import inference
from kspec.passes.rewrite import free_name, substituted, without_unused

MASK: Final = "mask"


def split_host(module: Module) -> Module:
    """Take `prepare` and `learn` out of `graph`, where there is something for them."""
    graphs = [func for func in module.funcs if func.name == "graph"]
    if not graphs or all(_stage(op) not in ("host", "learn") for op in graphs[0].ops):
        return module
    (graph,) = graphs
    rest = [func for func in module.funcs if func is not graph]
    learn = inference(graph, "learn", ("learn.",))
    kept = [(name, value) for name, value in graph.returns if not name.startswith("learn.")]
    graph = replace(
        graph, returns=tuple(kept), ops=tuple(live_ops(graph.ops, (value for _, value in kept)))
    )
    graph, prepare = _split(graph)
    return replace(
        module, funcs=(graph, *rest, *(func for func in (prepare, learn) if func.returns))
    )


def _split(graph: Func) -> tuple[Func, Func]:
    """The part for the device, and the part for the host."""
    hosted = [op for op in graph.ops if _stage(op) == "host"]
    made = {value for op in hosted for value in op.results}
    device = [op for op in graph.ops if _stage(op) != "host"]
    used = [value for op in device for value in op.uses]
    used += [value for _, value in graph.returns]
    taken = set(graph.with_ops(device).names)
    crossing: dict[Value, Value] = {}
    for value in dict.fromkeys(value for value in used if value in made):
        crossing[value] = Value(free_name(value.hint, taken), value.type)
    prepare = Func(
        "prepare",
        graph.params,
        tuple(live_ops(graph.ops, crossing)),
        tuple((f"prepared.{new.name}", old) for old, new in crossing.items()),
    )
    return _device(graph, device, crossing), without_unused(prepare)


def _device(graph: Func, ops: list[Op], crossing: dict[Value, Value]) -> Func:
    """The graph with parameters for what the host has made."""
    moved = [substituted(op, crossing) for op in ops]
    returns = tuple((name, crossing.get(value, value)) for name, value in graph.returns)
    moved = live_ops(moved, (value for _, value in returns))
    new = tuple(crossing.values())
    last = len(graph.params) - (graph.params[-1].name == MASK)  # a model alone has none
    params = (*graph.params[:last], *new, *graph.params[last:])
    func = Func("graph", params, tuple(moved), returns)
    return without_unused(func, (*new, *graph.params[last:]))


def _stage(op: Op) -> str:
    return OPS[op.name].stage
