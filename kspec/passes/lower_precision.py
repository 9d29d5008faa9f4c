"""Let the model compute in bfloat16 where `precision = mixed_bfloat16` asks for it.

Products, convolutions, and what goes from one to the next element by element get bfloat16
operands; weights stay float32, and so do moments, softmax, the outputs, the loss and the
metrics, as in Keras' policy of that name. Operands are cast where they are used.

Before:
    train batch=32 seed=0 shuffle=true precision='mixed_bfloat16'
    func graph(%x: f32[B,8], %label: f32[B,1], %mask: f32[B]) {
      %y = matmul(%x, @kernel) : f32[B,1]
      ...
      return output.y=%y, loss=%loss
    }

After:
    func graph(%x: f32[B,8], %label: f32[B,1], %mask: f32[B]) {
      %x.2 = cast(%x) dtype='bf16' : bf16[B,8]
      %kernel = cast(@kernel) dtype='bf16' : bf16[8,1]
      %y = matmul(%x.2, %kernel) : bf16[B,1]
      %y.2 = cast(%y) dtype='f32' : f32[B,1]
      ...
      return output.y=%y.2, loss=%loss
    }
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from kspec.ir import OPS, RECURRENT, Builder, Func, Module, Op, Value
from kspec.ir.uses import live_ops

MIXED: Final = "mixed_bfloat16"
HIGH: Final = "f32"
LOW: Final = "bf16"
# Ops that compute in bfloat16: all others get float32, whatever they come from.
LOWERED: Final = frozenset(
    {
        *("matmul", "einsum", "conv", "conv_transpose", "causal_conv", "dot_product_attention"),
        *RECURRENT,
        *("add", "subtract", "multiply", "divide", "negative", "abs", "maximum", "minimum"),
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "glu"),
        *("sigmoid", "tanh", "hard_sigmoid", "hard_silu", "hard_tanh", "softplus", "softsign"),
        *("reshape", "transpose", "concatenate", "stack", "expand_dims", "squeeze", "pad"),
        *("flip", "index", "tile", "repeat", "broadcast_to", "roll", "select"),
        *("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool", "mean", "sum", "max"),
        *("dropout_with_key", "shared_dropout", "where_training", "resize", "stop_gradient"),
    }
)


def lower_precision(module: Module) -> Module:
    """Cast what the model computes with, if training asks for it."""
    if module.train is None or module.train.precision != MIXED:
        return module
    words = {weight.value: weight.path.split(".")[-1] for weight in module.weights}
    return module.map_funcs(lambda func: _lowered(func, words) if func.name == "graph" else func)


def _lowered(graph: Func, words: Mapping[Value, str]) -> Func:
    outputs = [value for name, value in graph.returns if name.startswith("output.")]
    model = {value for op in live_ops(graph.ops, outputs) for value in op.results}
    writer = _Writer(Builder(graph.names), {}, words, {})
    writer.write(graph.ops, model)
    returns = tuple((name, writer.high(value)) for name, value in graph.returns)
    return replace(graph, ops=tuple(writer.builder.ops), returns=returns)


class _Writer:
    """Writes ops anew.

    Args:
        builder: Where they go.
        now: What took the place of values so far.
        words: What casts of weights are called.
        constants: The ops of the constants so far, which are written anew in another type.
    """

    def __init__(
        self,
        builder: Builder,
        now: dict[Value, Value],
        words: Mapping[Value, str],
        constants: Mapping[Value, Op],
    ) -> None:
        self.builder = builder
        self.now = now
        self.words = words
        self.constants = dict(constants)
        self._cast: dict[tuple[Value, str], Value] = {}

    def write(self, ops: Iterable[Op], model: set[Value] | None) -> None:
        """Write ops; those that make values of the model compute in bfloat16, or all of them."""
        for op in ops:
            if op.name == "constant":
                self.constants[op.result] = op
            inside = model is None or not model.isdisjoint(op.results)
            with self.builder.at(op.span, op.results[0].hint):
                if op.body is not None:
                    self._region(op, op.body, inside)
                    continue
                side = self.low if inside and op.name in LOWERED else self.high
                self._put(op, tuple(map(side, op.args)))

    def low(self, value: Value) -> Value:
        """A value in bfloat16, if it is in float32."""
        constant = self.constants.get(value)
        if constant is not None and value.type.dtype == HIGH:
            return self._kept(
                value,
                LOW,
                lambda: self.builder.op(
                    "constant", hint="c", value=constant.attrs["value"], dtype=LOW
                ),
            )
        return self._as(value, HIGH, LOW)

    def high(self, value: Value) -> Value:
        """A value in its own type again."""
        return self._as(value, LOW, HIGH) if value.type.dtype == HIGH else self._now(value)

    def _now(self, value: Value) -> Value:
        return self.now.get(value, value)

    def _as(self, value: Value, old: str, new: str) -> Value:
        now = self._now(value)
        if now.type.dtype != old:
            return now
        hint = self.words.get(now, now.hint)
        return self._kept(now, new, lambda: self.builder.op("cast", now, hint=hint, dtype=new))

    def _kept(self, value: Value, dtype: str, make: Callable[[], Value]) -> Value:
        """A cast that is there already, or a new one."""
        if (value, dtype) not in self._cast:
            self._cast[value, dtype] = make()
        return self._cast[value, dtype]

    def _put(self, op: Op, args: tuple[Value, ...], body: Func | None = None) -> None:
        types = OPS[op.name].infer(tuple(arg.type for arg in args), op.attrs, body)
        results = tuple(
            old if old.type == type else Value(old.name, type)
            for old, type in zip(op.results, types, strict=True)
        )
        self.builder.ops.append(replace(op, args=args, results=results, body=body))
        self.now.update(zip(op.results, results, strict=True))

    def _region(self, op: Op, body: Func, lowers: bool) -> None:
        """A loop; in the model its operands, and what it carries, are bfloat16."""
        params = tuple(
            Value(p.name, p.type.with_dtype(LOW)) if lowers and p.type.dtype == HIGH else p
            for p in body.params
        )
        now = {**self.now, **dict(zip(body.params, params, strict=True))}
        inner = _Writer(self.builder, now, self.words, self.constants)
        own, side = (self.low, inner.low) if lowers else (self.high, inner.high)
        with self.builder.inside():
            inner.write(body.ops, None if lowers else set())
            returns = tuple((name, side(value)) for name, value in body.returns)
            written = Func(body.name, params, tuple(self.builder.ops), returns)
        self._put(op, tuple(map(own, op.args)), written)
