"""Wrong rewrites, each planted into a spec in which it matters: all must be found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from kspec.ir import Builder, Call, Func, Module, Op, Phase, Value
from kspec.passes import Pass
from tests.oracle.beds import DENSE, FROZEN, IMAGE, TOKENS
from tests.oracle.cases import Case
from tests.oracle.edits import (
    Made,
    again,
    attr,
    before,
    dropped,
    edit,
    kept_name,
    phases,
    renamed,
    returned,
    swapped,
)


@dataclass(frozen=True)
class Planted:
    """A wrong rewrite.

    Attributes:
        name: What is wrong.
        case: Where it is planted.
        wrong: The pass that does it.
    """

    name: str
    case: Case
    wrong: Pass


def _ones(op: Op, b: Builder) -> Made:
    """The moments of all rows, those that fill the batch up included."""
    mask = b.op("full_like", op.args[1], value=1.0)
    return again(op, b, op.args[0], mask, *op.args[2:])


def _number(value: float, to: float) -> Pass:
    """Another number for a constant of the same kind."""

    def make(op: Op, b: Builder) -> Made:
        same = op.attrs["value"] == value and type(op.attrs["value"]) is type(value)
        return b.constant(to, op.result.type.dtype) if same else None

    return edit("constant", make)


def _merged(op: Op, b: Builder) -> Made:
    """The result of the first op of this name that has the same operand."""
    for earlier in b.ops:
        if earlier.name == op.name and earlier.args[:1] == op.args[:1]:
            return earlier.result
    return None


def _unmasked(op: Op, b: Builder) -> Made:
    return again(op, b, *op.args[:-1], mask=False)


def _unbiased(op: Op, b: Builder) -> Made:
    return again(op, b, *op.args[:3], *op.args[4:], bias=False)


def _everything_allowed(op: Op, b: Builder) -> Made:
    return b.op(op.name, *op.args[:3], **op.attrs)


def _first_row(op: Op, b: Builder) -> Made:
    """Flattened in another order."""
    x = op.args[0]
    if x.type.rank != 4:
        return None
    return b.op("reshape", b.op("transpose", x, permutation=(0, 2, 1, 3)), **op.attrs)


def _from_the_end(op: Op, b: Builder) -> Made:
    made = tuple(b.fresh(value.hint, value.type) for value in op.results)
    b.ops.append(replace(op, results=made, attrs={**op.attrs, "reverse": True}))
    return made


def _last_step(op: Op, b: Builder) -> Made:
    """The states before the first step in the place of the last ones."""
    return op.args[0]


def _of_batch(op: Op, b: Builder) -> Made:
    """The number of rows, not of examples."""
    ones = b.op("full_like", op.args[0], value=1.0)
    return b.op("sum", ones, **op.attrs) if op.args[0].name == "mask" else None


def _unlearned(op: Op, b: Builder) -> Made:
    """A weight of a shared layer whose second call has no gradient."""
    return again(op, b, op.args[0], b.op("stop_gradient", op.args[1]))


def _flipped(op: Op, b: Builder) -> Made:
    return again(op, b, op.args[0], b.op("flip", op.args[1], axis=(0,)))


def _other_result(op: Op, b: Builder) -> Made:
    outputs, h, c = b.op_n(op.name, *op.args, **op.attrs)
    return outputs, c, h


def _take_from(op: Op, b: Builder) -> Made:
    """A lookup in the table of the other embedding."""
    for earlier in b.ops:
        if earlier.name == "take" and earlier.args[0] is not op.args[0]:
            return again(op, b, earlier.args[0], op.args[1])
    return None


def _old_update(returns: dict[str, Value], func: Func) -> dict[str, Value]:
    """Statistics that stay as they are."""
    olds = {op.result: op.args[0] for op in func.ops if op.name == "moving_average"}
    return {name: olds.get(value, value) for name, value in returns.items()}


def _swapped_updates(returns: dict[str, Value], func: Func) -> dict[str, Value]:
    names = [name for name in returns if name.startswith("update.")]
    return {**returns, **dict(zip(names, [returns[name] for name in names[::-1]], strict=True))}


def _total_for(returns: dict[str, Value], func: Func) -> dict[str, Value]:
    """A metric whose sum was taken for dead."""
    name = "sum.sparse_categorical_accuracy.total"
    return {**returns, name: returns["sum.loss.count"]} if name in returns else returns


def _before_activation(returns: dict[str, Value], func: Func) -> dict[str, Value]:
    makers = {op.result: op for op in func.ops if len(op.results) == 1}
    return {name: makers[value].args[0] for name, value in returns.items()}


def _by_moments(op: Op, b: Builder) -> Made:
    """A frozen normalization that takes the batch's own moments."""
    mask = b.op("full", shape=("B",), value=1.0)
    moments = b.op_n("masked_moments", op.args[0], mask, axis=op.attrs["axis"])
    return again(op, b, op.args[0], *moments, *op.args[3:])


def _frozen_update(returns: dict[str, Value], func: Func) -> dict[str, Value]:
    """Statistics of a frozen normalization that move all the same: to those of another axis."""
    ops = [op for op in func.ops if op.name == "batch_normalize"]
    path = "base.batch_normalization.moving_mean"
    shifted = ops[0].args[2]
    return returns if f"update.{path}" in returns else {**returns, f"update.{path}": shifted}


def _turned(op: Op, b: Builder) -> Made:
    return again(op, b, data=1 - int(str(op.attrs["data"])))


def _moved(op: Op, b: Builder) -> Made:
    """A normalization that learns, by the statistics that it moves."""
    olds = [each.args[0] for each in b.ops if each.name == "moving_average"][-2:]
    return again(op, b, op.args[0], *olds, *op.args[3:])


def _stay_frozen(module: Module) -> Module:
    """The second phase as the first one."""
    assert module.train is not None
    first, second = module.train.phases
    kept = replace(second, frozen=tuple(p for p in first.frozen if "moving" not in p))
    return replace(module, train=replace(module.train, phases=(first, kept)))


_from_logits = attr("sparse_categorical_crossentropy", from_logits=True)


def _argument(name: str, value: float) -> Pass:
    def change(phase: Phase) -> Phase:
        args = {**phase.optimizer.args, name: value}
        return replace(phase, optimizer=Call(phase.optimizer.name, args))

    return phases(change)


PLANTED: Final[tuple[Planted, ...]] = (
    # Products, biases, arithmetic.
    Planted("forgotten bias", DENSE, dropped("add", 1)),
    Planted("forgotten bias of the last layer", DENSE, dropped("add", 5)),
    Planted("swapped operands of subtract", DENSE, swapped("subtract", 0)),
    Planted("swapped operands of concatenate", DENSE, swapped("concatenate")),
    Planted("maximum taken for minimum", DENSE, kept_name("maximum", "minimum")),
    Planted("multiply taken for add", DENSE, kept_name("multiply", "add", 0)),
    Planted("dropped offset", DENSE, dropped("add", 0)),
    Planted("scale turned over", DENSE, _number(0.25, 4.0)),
    Planted("slope off by a tenth", DENSE, attr("leaky_relu", 1, negative_slope=0.44)),
    Planted("ops merged that differ in one attribute", DENSE, edit("leaky_relu", _merged, 1)),
    Planted("activation applied twice", DENSE, before("tanh", "tanh", 0, 0)),
    Planted("activation dropped", DENSE, dropped("tanh", 1)),
    # Chance.
    Planted("wrong dropout rate", DENSE, attr("dropout_with_key", 0, rate=0.4)),
    Planted("dropout lost", DENSE, dropped("dropout_with_key", 1)),
    Planted("key used twice", DENSE, attr("fold_in", 1, data=0)),
    Planted("keys in another order", DENSE, edit("fold_in", _turned)),
    # Batch normalization.
    Planted("epsilon off by 10", DENSE, attr("batch_normalize", epsilon=0.2)),
    Planted("rows that fill the batch up count", DENSE, edit("masked_moments", _ones)),
    Planted("wrong momentum", DENSE, attr("moving_average", 0, momentum=0.99)),
    Planted("mean and variance swapped", DENSE, returned(_swapped_updates, "train")),
    Planted("statistics that do not move", DENSE, returned(_old_update, "train")),
    Planted("no gradient through the mean", DENSE, before("batch_normalize", "stop_gradient", 1)),
    Planted("scale and shift swapped", DENSE, swapped("batch_normalize", None, 3, 4)),
    # The loss.
    Planted("loss not divided", DENSE, dropped("divide_no_nan")),
    Planted("mask of examples lost", DENSE, dropped("multiply", 2, ("train",))),
    Planted("divided by the rows", DENSE, edit("sum", _of_batch)),
    Planted("probabilities taken for logits", DENSE, _from_logits),
    Planted("penalty lost", DENSE, dropped("add", 6, ("train",))),
    Planted("penalty off by 10", DENSE, _number(0.05, 0.5)),
    Planted("dead op that is not dead", DENSE, returned(_total_for, "eval")),
    Planted("output before its activation", DENSE, returned(_before_activation, "predict")),
    # Gradients alone.
    Planted("gradient of a shared call dropped", DENSE, edit("matmul", _unlearned, 2)),
    Planted("gradient of an operand dropped", DENSE, before("subtract", "stop_gradient", 1, 0)),
    Planted("gradient of a penalty dropped", DENSE, before("square", "stop_gradient", 0)),
    # Images.
    Planted("swapped padding", IMAGE, attr("pad", pad_width=((0, 0), (0, 1), (1, 0), (0, 0)))),
    Planted("padding of other numbers", IMAGE, attr("pad", value=1.0)),
    Planted("dilated kernel", IMAGE, attr("conv", 0, dilation=(2, 2))),
    Planted("flipped kernel", IMAGE, edit("conv", _flipped, 0)),
    Planted("maximum taken for mean", IMAGE, kept_name("avg_pool", "max_pool")),
    Planted("mean taken for maximum", IMAGE, kept_name("max_pool", "avg_pool")),
    Planted("fewer groups", IMAGE, attr("group_norm", groups=1)),
    Planted("epsilon of a layer off by 10", IMAGE, attr("layer_norm", epsilon=0.5)),
    Planted("epsilon forgotten", IMAGE, attr("rms_norm", epsilon=0.0)),
    Planted("dropped transpose", IMAGE, dropped("transpose")),
    Planted("wrong axis", IMAGE, attr("transpose", permutation=(0, 1, 2, 3))),
    Planted("flattened in another order", IMAGE, edit("reshape", _first_row, 0)),
    Planted("activation of another kind", IMAGE, renamed("relu", "silu")),
    # Sequences.
    Planted("mask lost", TOKENS, edit("lstm", _unmasked)),
    Planted("mask of attention lost", TOKENS, edit("dot_product_attention", _everything_allowed)),
    Planted("mask of something else", TOKENS, _number(0, 1)),
    Planted("backward taken for forward", TOKENS, attr("gru", 1, reverse=False)),
    Planted("bias of a loop lost", TOKENS, edit("gru", _unbiased, 0)),
    Planted("states swapped", TOKENS, edit("lstm", _other_result)),
    Planted("loop from the end", TOKENS, edit("scan", _from_the_end)),
    Planted("loop not run", TOKENS, edit("scan", _last_step)),
    Planted("branches swapped", TOKENS, swapped("select", 0, 1, 2)),
    Planted("wrong scale", TOKENS, attr("dot_product_attention", scale=0.5)),
    Planted("key and value swapped", TOKENS, swapped("dot_product_attention", None, 1, 2)),
    Planted("another table", TOKENS, edit("take", _take_from, 1)),
    Planted("softmax over the wrong axis", TOKENS, attr("softmax", axis=1)),
    Planted("wrong place of the kink", TOKENS, attr("huber", delta=0.5)),
    # Phases and what is frozen.
    Planted(
        "batch moments while frozen",
        FROZEN,
        edit("batch_normalize", _by_moments, 0, ("train_head",)),
    ),
    Planted("statistics updated while frozen", FROZEN, returned(_frozen_update, "train_head")),
    Planted("frozen weights learn", FROZEN, phases(lambda phase: replace(phase, frozen=()))),
    Planted("weights stay frozen", FROZEN, _stay_frozen),
    Planted("moments lost between phases", FROZEN, phases(lambda p: replace(p, carries=False))),
    Planted("wrong momentum of the optimizer", FROZEN, _argument("momentum", 0.8)),
    Planted("wrong rate", FROZEN, _argument("learning_rate", 0.11)),
    Planted(
        "moving statistics while learning", FROZEN, edit("batch_normalize", _moved, 1, ("train",))
    ),
)
