"""Take crossentropies of large vocabularies a part of the rows at a time.

The logits of a language model, a number for each token and each word of the vocabulary, are
the largest array of its step, and a softmax and its gradient stand beside them. Where nothing
but the loss reads them they are made in parts, forward and once more backward, and are never
whole. That is as fast, and takes a fraction of the memory; for small vocabularies it is slower.

Before:
    train batch=64 seed=0 shuffle=true
    %l = matmul(%x, @dense.kernel) : f32[B,64,20000]
    %m = add(%l, @dense.bias) : f32[B,64,20000]
    %e = sparse_categorical_crossentropy(%y, %m) axis=2 from_logits=true : f32[B,64]

After:
    %e.2 = linear_crossentropy(%y, %x, @dense.kernel, @dense.bias) bias=true rows=209 : f32[B,64]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Final

from kspec.estimate.sizes import Sizes, in_words
from kspec.ir import Builder, Func, Module, Op, Value
from kspec.ir.uses import definitions, live_ops
from kspec.passes.remarks import done, refused
from kspec.passes.rewrite import map_steps, rewrite_func

LEAST: Final = 32 * 2**20  # bytes of logits; below, parts cost more time than they save
PART: Final = 16 * 2**20  # bytes of the logits of a part
NUMBER: Final = 4


def fuse_linear_crossentropy(module: Module) -> Module:
    """Fuse in the functions that train and evaluate."""
    if module.train is None:
        return module
    return map_steps(module, partial(_fuse, sizes=Sizes(module.train.share)))


def _fuse(func: Func, sizes: Sizes) -> Func:
    made_by = definitions(func)
    results = [value for _, value in func.returns]
    uses = Counter(value for op in live_ops(func.ops, results) for value in op.uses)
    uses.update(results)

    def rule(op: Op, b: Builder) -> Value | None:
        if op.name != "sparse_categorical_crossentropy" or not op.attrs["from_logits"]:
            return None
        label, logits = op.args
        size = NUMBER * sizes.elements(logits.type)
        last = op.attrs["axis"] == logits.type.rank - 1
        found = _linear(logits, made_by) if last and op.attrs["ignore_class"] is None else None
        if size < LEAST or found is None:
            return None
        chain, (x, kernel, *bias) = found
        if any(uses[value] > 1 for value in chain):
            text = f"{in_words(size)} of logits are whole: more than the loss reads them"
            refused(func.name, text, op.span)
            return None
        rows = max(1, PART // (NUMBER * sizes.axis(logits.type.shape[-1])))
        done(func.name, f"{in_words(size)} of logits are made {rows} rows at a time", op.span)
        operands = (label, x, kernel, *bias)
        return b.op("linear_crossentropy", *operands, bias=bool(bias), rows=rows)

    return rewrite_func(func, rule)


def _linear(
    logits: Value, made_by: Mapping[Value, Op]
) -> tuple[list[Value], tuple[Value, ...]] | None:
    """What stands between the loss and a linear layer, and the layer's operands."""
    chain = [logits]
    op = made_by.get(logits)
    if op is not None and op.name == "cast" and op.args[0].type.is_float:
        chain.append(op.args[0])  # what was computed in bfloat16
        op = made_by.get(op.args[0])
    bias: tuple[Value, ...] = ()
    if op is not None and op.name == "add" and op.args[1].type.rank == 1:
        bias = op.args[1:]
        chain.append(op.args[0])
        op = made_by.get(op.args[0])
    if op is None or op.name != "matmul" or op.args[1].type.rank != 2:
        return None
    return chain, (*op.args, *bias)
