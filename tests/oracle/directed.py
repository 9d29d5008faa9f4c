"""Specs that a pass acts on, a generator for each pass and for what passes get wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from kspec.api import compile_text
from kspec.estimate.step import estimates
from tests.oracle.cases import Field
from tests.oracle.drafts import Draft, Line


def _sgd(rng: random.Random, loss: str, *more: str) -> tuple[str, ...]:
    rule = rng.choice(("sgd(0.05)", "sgd(0.05, momentum=0.9)", "rmsprop(1e-2)"))
    return (f"loss = {loss}", f"optimizer = {rule}", f"batch = {rng.choice((1, 3, 4))}", *more)


def _regression(
    label: str, rng: random.Random, lines: list[Line], shape: str, count: int, *more: str
) -> Draft:
    """A model of one input `x` whose output `y` has so many numbers."""
    loss = rng.choice(("mean_squared_error", "huber"))
    fields = {"x": Field(shape)}
    settings = _sgd(rng, f"{loss}(t, y)", *more)
    return Draft(label, fields, {"t": Field(f"f32[{count}]")}, tuple(lines), settings)


def constants(rng: random.Random) -> Draft:
    """Arithmetic on numbers, neutral operands, casts and reshapes that change nothing."""
    width = rng.choice((1, 2, 5))
    lines = [
        Line("a", ("x",), "{0} -> rescaling(1/4, offset=0.0) -> dropout(0.0)"),
        Line("b", ("a",), f"({{0}} * 1 + 0.0) -> reshape(({width},)) -> cast(f32)"),
        Line("c", ("b",), f"maximum({{0}} * 0.5 - {rng.choice((0.5, 2, 0.0))}, {{0}} / 1.0)"),
        Line("d", ("c", "a"), "{0} -> dense(3, tanh, kernel_regularizer=l2(1e-2))"),
        Line("y", ("d",), "({0} / 1) -> dense(2)", "output"),
    ]
    return _regression("constants", rng, lines, f"f32[{width}]", 2)


def crossentropy(rng: random.Random) -> Draft:
    """A softmax or sigmoid before its loss; the activation has a second consumer or none."""
    classes, steps = rng.choice((2, 3, 5)), rng.choice((1, 2, 3))
    kind = rng.randrange(6)
    shape, label = f"f32[{steps}, 3]", Field(f"f32[{steps}, {classes}]", 1)
    lines = [Line("h", ("x",), f"{{0}} -> dense({classes})")]
    last, loss = "{0} -> softmax", "categorical_crossentropy(t, y)"
    if kind == 0 or kind > 4:
        label, loss = Field(f"i32[{steps}]", classes), "sparse_categorical_crossentropy(t, y)"
    elif kind == 1:
        last, loss = "{0} -> sigmoid", "binary_crossentropy(t, y)"
    elif kind == 2:
        last, loss = "{0} -> softmax(axis=1)", "categorical_crossentropy(t, y)"
    elif kind == 3:
        lines.append(Line("g", ("h",), "{0} -> softmax"))
        last, loss = "{0} -> softmax", "categorical_crossentropy(t, y)"
        lines.append(Line("z", ("g",), "{0} -> dense(1)", "output"))
    lines.append(Line("y", ("h",), last, "output"))
    metrics = ("metrics = { largest: max(y) }",) if rng.random() < 0.5 else ()
    settings = _sgd(rng, loss, *metrics)
    return Draft("crossentropy", {"x": Field(shape)}, {"t": label}, tuple(lines), settings)


def common(rng: random.Random) -> Draft:
    """Equal ops, ops that differ in one attribute, draws at two places, bodies with equals."""
    size = rng.choice((2, 3, 5))
    lines = [
        Line("a", ("x",), "({0} -> relu) + ({0} -> leaky_relu(0.1)) * ({0} -> relu)"),
        Line("b", ("x",), "({0} -> leaky_relu(0.2)) - ({0} -> leaky_relu(0.1))"),
        Line("c", ("a",), "({0} -> dropout(0.5)) - ({0} -> dropout(0.5))"),
        Line("s", (), "dense(3, tanh)", "share"),
        Line("d", ("a", "s"), "({0} -> {1}) + ({0} -> {1} -> tanh)"),
        Line("e", ("b", "s"), "{0} -> {1}"),
        Line("f", ("a", "c"), "concatenate({0}, {1})"),
        Line("g", ("d", "e", "f"), "concatenate({0}, {1}, {2})"),
        Line("y", ("g",), "{0} -> dense(2)", "output"),
    ]
    return _regression("common", rng, lines, f"f32[{size}]", 2)


def frozen(rng: random.Random) -> Draft:
    """A frozen trunk: with batch normalization, dropout before the boundary, two consumers."""
    inner = rng.choice(("", " -> batch_normalization", " -> batch_normalization(momentum=0.5)"))
    drop = rng.choice(("", " -> dropout(0.5)"))
    between = rng.choice(("", "{0} -> ", "{0} -> dropout(0.3) -> "))
    lines = [
        Line("base", (), f"dense(64, relu){inner} -> dense(4){drop}", "share"),
        Line("b", ("x", "base"), "{0} -> {1}"),
        Line("h", ("b",), f"{between or '{0} -> '}dense(3, tanh)"),
    ]
    if rng.random() < 0.4:
        lines.append(Line("top", (), "dense(3)", "share"))  # a frozen layer behind one that learns
        lines.append(Line("g", ("h", "b", "top"), "concatenate({0} -> {2}, {1})"))
    else:
        lines.append(Line("g", ("h", "b"), "concatenate({0}, {1})"))
    lines.append(Line("y", ("g",), "{0} -> batch_normalization -> dense(2)", "output"))
    also = ", freeze top" if any(line.name == "top" for line in lines) else ""
    phases = (f"phase head {{ epochs = 3, freeze base{also} }}",)
    if rng.random() < 0.5:
        phases += (f"phase tune {{ epochs = 2{rng.choice(('', ', unfreeze base'))} }}",)
    return _regression("frozen", rng, lines, "f32[64]", 2, *phases)


def shared(rng: random.Random) -> Draft:
    """Two or three calls of an encoder that loops: masks, dropout, statistics, a convolution."""
    steps, count = rng.choice((1, 3, 5)), rng.choice((2, 3))
    encoder = rng.choice(
        (
            "lstm(3)",
            "gru(2, return_sequences=true) -> lstm(3)",
            "dropout(0.4) -> gru(3)",
            "lstm(3, return_sequences=true) -> dropout(0.5) -> gru(2)",
            "bidirectional(simple_rnn(2))",
            "lstm(2, return_sequences=true) -> batch_normalization -> gru(3)",
            "conv1d(3, 2, padding=same) -> simple_rnn(3) -> dense(2)",
        )
    )
    zero = rng.choice(("", ", mask_zero=true")) if "conv1d" not in encoder else ""
    names = [f"x{n}" for n in range(count)]
    lines = [Line("encode", (), f"embedding(6, 3{zero}) -> {encoder}", "share")]
    lines += [Line(f"u{n}", (x, "encode"), "{0} -> {1}") for n, x in enumerate(names)]
    lines.append(Line("m", ("u0", "u1"), "{0} - {1} * 0.5"))
    lines.append(Line("y", ("m", f"u{count - 1}"), "concatenate({0}, {1}) -> dense(2)", "output"))
    fields = {name: Field(f"i32[{steps}]", 6) for name in names}
    settings = _sgd(rng, "mean_squared_error(t, y)")
    return Draft("shared", fields, {"t": Field("f32[2]")}, tuple(lines), settings)


def dead(rng: random.Random) -> Draft:
    """Results that nobody needs: what only other outputs are made of, and unused names."""
    units = rng.choice((1, 2))
    lines = [
        Line("n", ("x",), "{0} -> dense(2) -> tanh"),
        Line("s", ("x",), f"{{0}} -> gru({units}, return_sequences=true) -> lstm({units})"),
        Line("p", ("x",), "{0} -> batch_normalization -> global_average_pooling1d"),
        Line("y", ("s", "p"), "concatenate({0}, {1}) -> dense(2)", "output"),
        Line("z", ("s",), "{0} -> tanh -> dense(1) -> dropout(0.5)", "output"),
    ]
    return _regression("dead", rng, lines, f"f32[{rng.choice((1, 3))}, 2]", 2)


def repeats(rng: random.Random) -> Draft:
    """Layers that are the same again and again, on enough rows for a loop."""
    body = rng.choice(
        (
            "{0} + ({0} -> layer_normalization -> dense(4, gelu) -> dense(3))",
            "{0} + ({0} -> layer_normalization -> dense(3, tanh) -> dropout(0.2))",
            "{0} * 0.5 + ({0} -> dense(5, tanh) -> dense(3) -> rms_normalization)",
        )
    )
    rounds = rng.choice((10, 13))
    lines = [
        Line("v", ("x",), "{0} -> dense(3)"),
        Line("", ("v",), f"repeat {rounds} {{{{ {{0}} = {body} }}}}"),
        Line("y", ("v",), "{0} -> global_average_pooling1d -> dense(2)", "output"),
    ]
    draft = _regression("repeats", rng, lines, "f32[256, 2]", 2)
    batch = f"batch = {rng.choice((2, 3))}"
    return Draft(draft.label, draft.inputs, draft.labels, draft.lines, (*draft.settings[:2], batch))


def memory(rng: random.Random) -> Draft:
    """A loop that keeps much, and a bit less memory than the step takes."""
    units, steps = rng.choice((5, 8)), rng.choice((17, 33))
    lines = [
        Line("h", ("x",), f"{{0}} -> simple_rnn({units}, return_sequences=true) -> simple_rnn(3)"),
        Line("y", ("h",), "{0} -> dense(2)", "output"),
    ]
    draft = _regression("memory", rng, lines, f"f32[{steps}, 2]", 2)
    settings = (*draft.settings[:2], "batch = 5")
    plain = Draft(draft.label, draft.inputs, draft.labels, draft.lines, settings)
    needed = max(each.total for each in estimates(compile_text(plain.case().text).compiled.module))
    limit = f"memory = {int(needed * rng.choice((0.97, 0.93)))}B"
    return Draft(draft.label, draft.inputs, draft.labels, draft.lines, (*settings, limit))


def masks(rng: random.Random) -> Draft:
    """A mask of time steps through layers that keep, use and merge it."""
    steps = rng.choice((1, 2, 5))
    middle = rng.choice(
        (
            "multi_head_attention(2, 2) -> gru(3)",
            "dense(3, tanh) -> layer_normalization -> lstm(2)",
            "batch_normalization -> global_average_pooling1d",
            "bidirectional(lstm(2, return_sequences=true)) -> simple_rnn(2)",
            "dropout(0.3) -> lstm(3, go_backwards=true)",
        )
    )
    lines = [
        Line("e", ("x",), "{0} -> embedding(4, 3, mask_zero=true)"),
        Line("f", ("x",), "{0} -> embedding(4, 3, mask_zero=true)"),
        Line("g", ("e", "f"), rng.choice(("{0} + {1}", "{0} * {1}", "{0} -> tanh"))),
        Line("h", ("g",), f"{{0}} -> {middle}"),
        Line("y", ("h",), "{0} -> dense(2)", "output"),
    ]
    settings = _sgd(rng, "mean_squared_error(t, y)")
    fields = {"x": Field(f"i32[{steps}]", 4)}
    return Draft("masks", fields, {"t": Field("f32[2]")}, tuple(lines), settings)


def vocabulary(rng: random.Random) -> Draft:
    """Logits that are large to the oracle, which nothing but the loss reads."""
    words, bias = rng.choice((64, 67)), rng.choice(("", ", use_bias=false"))
    last = rng.choice(("{0}", "{0} -> softmax"))
    lines = [
        Line("e", ("x",), "{0} -> embedding(7, 3)"),
        Line("h", ("e",), f"{{0}} -> dense({words}{bias})"),
        Line("y", ("h",), last, "output"),
    ]
    given = ", from_logits=true" if last == "{0}" else ""
    loss = f"loss = sparse_categorical_crossentropy(t, y{given})"
    settings = (loss, "optimizer = sgd(0.05)", "batch = 5")
    fields = {"x": Field("i32[16]", 7)}
    label = {"t": Field("i32[16]", words)}
    return Draft("vocabulary", fields, label, tuple(lines), settings)


def kernels(rng: random.Random) -> Draft:
    """Convolutions over many places, pooling side by side, or past its last rows, a narrow end."""
    size = rng.choice(("12, 11, 2", "16, 9, 1", "13, 13, 3"))
    window = rng.choice(("3", "(2, 3)", "(1, 4)"))
    pool = rng.choice(("2", "(2, 3)", "3"))
    lines = [
        Line("c", ("x",), f"{{0}} -> conv2d(2, {window}, padding=same)"),
        Line("p", ("c",), f"{{0}} -> max_pooling2d({pool})"),
        Line("y", ("p",), "{0} -> flatten -> dense(128, tanh) -> dense(2)", "output"),
    ]
    return _regression("kernels", rng, lines, f"f32[{size}]", 2)


def attention(rng: random.Random) -> Draft:
    """Attention of some size, with a mask of time steps, a causal one, both or none."""
    steps, causal = rng.choice((16, 33)), rng.choice(("", ", use_causal_mask=true"))
    heads = rng.choice(("multi_head_attention(2, 17{0})", "group_query_attention(16, 4, 2{0})"))
    masked = rng.choice(("", ", mask_zero=true"))
    lines = [
        Line("e", ("x",), f"{{0}} -> embedding(4, 5{masked})"),
        Line("a", ("e",), f"{{0}} -> {heads.format(causal)}"),
        Line("y", ("a",), "{0} -> global_average_pooling1d -> dense(2)", "output"),
    ]
    settings = _sgd(rng, "mean_squared_error(t, y)")
    fields = {"x": Field(f"i32[{steps}]", 4)}
    return Draft("attention", fields, {"t": Field("f32[2]")}, tuple(lines), settings)


DIRECTED: Final[dict[str, Callable[[random.Random], Draft]]] = {
    "fold_constants": constants,
    "fuse_softmax_crossentropy": crossentropy,
    "eliminate_common_ops": common,
    "cache_frozen": frozen,
    "batch_shared_calls": shared,
    "eliminate_dead_ops": dead,
    "roll_repeats": repeats,
    "stack_weights": repeats,
    "rematerialize": memory,
    "fuse_linear_crossentropy": vocabulary,
    "select_kernels": kernels,
    "masks": masks,
    "attention": attention,
}


def directed(kind: str, seed: int) -> Draft:
    """A spec for a pass, for masks or for attention: a function of both."""
    return DIRECTED[kind](random.Random(f"{kind} {seed}"))
