"""The IR as text, and back: `show(read(show(m))) == show(m)`.

module digits

train batch=128 seed=0 shuffle=true
phase epochs=5 optimizer=rmsprop(learning_rate=0.001, rho=0.9)

weight @dense.kernel : f32[64,512] = glorot_uniform()
weight @batch_normalization.moving_mean : f32[512] = zeros() fixed

func predict(%image: u8[B,8,8]) {
  %flatten = reshape(%image) shape=('B', 64) : u8[B,64]
  return output.digit=%flatten
}

`@` outlives a step, `%` does not. Attributes are sorted by name. An op with a body is

  %ys = map(%xs) axis=1 : f32[B,9,4] do(%x: f32[B,4]) {
    %y = relu(%x) : f32[B,4]
    return y.0=%y
  }
"""

from __future__ import annotations

from collections.abc import Mapping

from kspec.ir.core import FLOAT32, Attr, Call, Func, Module, Op, TrainSettings, Value


def show(module: Module, *, spans: bool = False) -> str:
    """The text of a module; `spans` adds each op's place in the spec."""
    head = [f"module {module.name}"]
    if module.train is not None:
        head += ["", *_train(module.train)]
    if module.weights:
        head.append("")
    for weight in module.weights:
        fixed = "" if weight.trainable else " fixed"
        head.append(
            f"weight @{weight.path} : {weight.value.type} = {show_call(weight.init)}{fixed}"
        )
    weights = frozenset(weight.value for weight in module.weights)
    funcs = [show_func(func, weights, spans) for func in module.funcs]
    return "\n\n".join(["\n".join(head), *funcs]) + "\n"


def _train(train: TrainSettings) -> list[str]:
    """A line for all of training, and one a phase; what is empty is left out."""
    loads = f" loads={show_attr(train.loads)}" if train.loads else ""
    shuffle = show_attr(train.shuffle)
    other = "" if train.precision == FLOAT32 else f" precision={show_attr(train.precision)}"
    other += f" memory={train.memory}" if train.memory else ""
    for name in ("accumulate", "devices"):
        count = getattr(train, name)
        other += f" {name}={count}" if count > 1 else ""
    other += f" choices={show_attr(train.choices)}" if train.choices else ""
    lines = [f"train batch={train.batch} seed={train.seed} shuffle={shuffle}{loads}{other}"]
    for phase in train.phases:
        values: dict[str, Attr] = {"epochs": phase.epochs, "optimizer": phase.optimizer}
        for name in ("groups", "frozen", "carries", "callbacks"):
            if getattr(phase, name):
                values[name] = getattr(phase, name)
        pairs = " ".join(f"{name}={show_attr(value)}" for name, value in values.items())
        lines.append(f"phase {phase.name} {pairs}" if phase.name else f"phase {pairs}")
    return lines


def show_func(func: Func, weights: frozenset[Value], spans: bool = False) -> str:
    """The text of a function."""
    params = ", ".join(f"%{value.name}: {value.type}" for value in func.params)
    return "\n".join([f"func {func.name}({params}) {{", *_inside(func, weights, spans), "}"])


def _inside(func: Func, weights: frozenset[Value], spans: bool) -> list[str]:
    """The lines of a function between its braces."""
    lines: list[str] = []
    for op in func.ops:
        place = f"  # {op.span.source.name}:{op.span.line}" if spans and op.span else ""
        if op.body is None:
            lines.append(f"  {show_op(op, weights)}{place}")
            continue
        params = ", ".join(f"%{value.name}: {value.type}" for value in op.body.params)
        lines.append(f"  {show_op(op, weights)} do({params}) {{{place}")
        lines += [f"  {line}" for line in _inside(op.body, weights, spans)]
        lines.append("  }")
    returns = ", ".join(f"{name}={_ref(value, weights)}" for name, value in func.returns)
    return [*lines, f"  return {returns}".rstrip()]


def show_op(op: Op, weights: frozenset[Value]) -> str:
    """The line of an op."""
    results = ", ".join(f"%{value.name}" for value in op.results)
    args = ", ".join(_ref(value, weights) for value in op.args)
    attrs = "".join(f" {name}={show_attr(value)}" for name, value in sorted(op.attrs.items()))
    types = ", ".join(str(value.type) for value in op.results)
    return f"{results} = {op.name}({args}){attrs} : {types}"


def _ref(value: Value, weights: frozenset[Value]) -> str:
    return f"@{value.name}" if value in weights else f"%{value.name}"


def show_call(call: Call) -> str:
    """`sgd(learning_rate=0.01)`."""
    return f"{call.name}({_pairs(call.args)})"


def _pairs(args: Mapping[str, Attr]) -> str:
    return ", ".join(f"{name}={show_attr(value)}" for name, value in args.items())


def show_attr(value: Attr) -> str:
    """A literal: `3`, `0.5`, `true`, `none`, `'same'`, `(1, 2)`, or a call of those."""
    if isinstance(value, Call):
        return show_call(value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        body = value.encode("unicode_escape").decode("ascii").replace("'", "\\'")
        return f"'{body}'"
    if isinstance(value, tuple):
        items = ", ".join(show_attr(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)
