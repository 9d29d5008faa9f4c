"""Random specs that are valid: a layer is drawn, and its options are solved for the shape.

Sizes are those at which shapes go wrong: 1, 2, 3, primes, powers of two and their neighbors,
and for windows the size of the axis and its neighbors. A spec is a function of its seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, TypeAlias

from tests.oracle.cases import Field
from tests.oracle.drafts import Draft, Line

Shape: TypeAlias = tuple[int, ...]
Drawn: TypeAlias = "tuple[str, Shape] | None"  # the layer, and what it makes of the shape
SIZES: Final = (1, 2, 3, 4, 5, 7, 8, 9)
ACTIVATIONS: Final = (
    *("relu", "tanh", "sigmoid", "softplus", "elu", "selu", "gelu", "silu", "softsign"),
    *("leaky_relu", "mish", "relu6", "hard_sigmoid", "softmax"),
)
OPTIMIZERS: Final = (
    *("sgd(0.05)", "sgd(0.05, momentum=0.9)", "sgd(0.02, momentum=0.8, nesterov=true)"),
    *("adam(1e-2)", "adam(1e-3, amsgrad=true)", "adamw(1e-2)", "adam(1e-2, clipnorm=0.1)"),
    *("rmsprop(1e-3)", "rmsprop(1e-3, momentum=0.5)", "rmsprop(1e-3, centered=true)"),
    *("sgd(0.05, weight_decay=0.1)", "sgd(0.1, clipvalue=0.01)", "sgd(0.1, global_clipnorm=0.1)"),
)


def _activation(rng: random.Random) -> str:
    return f", {rng.choice(ACTIVATIONS)}" if rng.random() < 0.5 else ""


def dense(rng: random.Random, shape: Shape) -> Drawn:
    """A dense layer on the last axis."""
    units = rng.choice(SIZES)
    bias = rng.choice(("", "", ", use_bias=false"))
    penalty = ", kernel_regularizer=l2(0.01)" if rng.random() < 0.15 else ""
    return f"dense({units}{_activation(rng)}{bias}{penalty})", (*shape[:-1], units)


def _window(rng: random.Random, size: int) -> tuple[int, int, str, int]:
    """A window, its stride, its padding, and the places that it has on an axis."""
    width = max(1, rng.choice((1, 2, 3, size - 1, size, size + 1)))
    width = min(width, 5)
    padding = "same" if width > size or rng.random() < 0.5 else "valid"
    stride = rng.choice((1, 1, 2, 3))
    places = (size - width) // stride + 1 if padding == "valid" else -(-size // stride)
    return width, stride, padding, places


def conv(rng: random.Random, shape: Shape) -> Drawn:
    """A convolution over one axis or two."""
    if len(shape) not in (2, 3):
        return None
    axes = [_window(rng, size) for size in shape[:-1]]
    padding = "same" if any(each[2] == "same" for each in axes) else "valid"
    stride = axes[0][1]
    widths = [each[0] for each in axes]
    places = [
        -(-size // stride) if padding == "same" else (size - width) // stride + 1
        for size, width in zip(shape[:-1], widths, strict=True)
    ]
    filters = rng.choice((1, 2, 3, 5))
    groups = rng.choice([n for n in (1, 2, 3) if shape[-1] % n == 0 and filters % n == 0])
    dims, window = len(widths), widths[0] if len(widths) == 1 else tuple(widths)
    options = f"strides={stride}, padding={padding}"
    kind = rng.random()
    if kind < 0.2:
        text = f"depthwise_conv{dims}d({window}, {options})"
        return text, (*places, shape[-1])
    if kind < 0.3:
        return f"separable_conv{dims}d({filters}, {window}, {options})", (*places, filters)
    options += f", groups={groups}" if groups > 1 else ""
    more = _activation(rng).replace(", ", ", activation=")
    return f"conv{dims}d({filters}, {window}, {options}{more})", (*places, filters)


def pool(rng: random.Random, shape: Shape) -> Drawn:
    """Pooling over windows, or over everything.

    There is no maximum over everything: without its optimizer, as tests run it, XLA computes
    such an operand twice and rounds it differently, and JAX's gradient is 0 / 0 where none of
    its elements is the largest.
    """
    if len(shape) not in (2, 3):
        return None
    dims, kind = len(shape) - 1, rng.choice(("max", "average"))
    if rng.random() < 0.25:
        keep = rng.random() < 0.5
        text = f"global_average_pooling{dims}d{'(keepdims=true)' if keep else ''}"
        return text, (*(1,) * dims, shape[-1]) if keep else shape[-1:]
    width, stride, padding = (
        rng.choice((1, 2, 3)),
        rng.choice((1, 2)),
        rng.choice(("same", "valid")),
    )
    if width > min(shape[:-1]):
        padding = "same"
    places = [
        -(-size // stride) if padding == "same" else (size - width) // stride + 1
        for size in shape[:-1]
    ]
    text = f"{kind}_pooling{dims}d({width}, strides={stride}, padding={padding})"
    return text, (*places, shape[-1])


def normalize(rng: random.Random, shape: Shape) -> Drawn:
    """A normalization, also with parts left out."""
    groups = rng.choice([n for n in (1, 2, 3) if shape[-1] % n == 0])
    return rng.choice(
        (
            "batch_normalization",
            "batch_normalization(momentum=0.9, epsilon=0.01)",
            "batch_normalization(center=false)",
            "batch_normalization(scale=false)",
            "layer_normalization",
            "layer_normalization(epsilon=0.1, scale=false)",
            "rms_normalization(epsilon=0.01)",
            f"group_normalization({groups})",
            "unit_normalization",
        )
    ), shape


def recurrent(rng: random.Random, shape: Shape) -> Drawn:
    """A recurrent layer."""
    if len(shape) != 2:
        return None
    units, kind = rng.choice((1, 2, 3)), rng.choice(("lstm", "gru", "simple_rnn"))
    whole = rng.random() < 0.5
    options = ", return_sequences=true" if whole else ""
    both = rng.random() < 0.25
    options += ", go_backwards=true" if rng.random() < 0.2 and not both else ""
    text = f"{kind}({units}{options})"
    units *= 2 if both else 1
    text = f"bidirectional({text})" if both else text
    return text, (shape[0], units) if whole else (units,)


def attention(rng: random.Random, shape: Shape) -> Drawn:
    """Attention of a sequence to itself."""
    if len(shape) != 2:
        return None
    heads, size = rng.choice((1, 2)), rng.choice((1, 2, 3))
    causal = ", use_causal_mask=true" if rng.random() < 0.4 else ""
    return f"multi_head_attention({heads}, {size}{causal})", shape


def reshape(rng: random.Random, shape: Shape) -> Drawn:
    """Other axes for the same numbers."""
    if len(shape) == 1:
        return f"reshape((1, {shape[0]}))", (1, shape[0])
    count = 1
    for size in shape:
        count *= size
    if rng.random() < 0.5:
        return "flatten", (count,)
    order = list(range(1, len(shape) + 1))
    rng.shuffle(order)
    return f"permute(({', '.join(map(str, order))}))", tuple(shape[axis - 1] for axis in order)


def pointwise(rng: random.Random, shape: Shape) -> Drawn:
    """An activation, a scale, dropout."""
    rate = rng.choice((0.0, 0.2, 0.5))
    return rng.choice(
        (
            rng.choice(ACTIVATIONS),
            "rescaling(1/4, offset=-0.5)",
            f"dropout({rate})",
            "gaussian_noise(0.1)",
            "square" if rng.random() < 0.3 else "tanh",
        )
    ), shape


LAYERS: Final[tuple[Callable[[random.Random, Shape], Drawn], ...]] = (
    *(dense, conv, pool, normalize, recurrent, attention, reshape, pointwise),
)


class Pool:
    """The values that a model has so far, and its statements."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.shapes: dict[str, Shape] = {}
        self.lines: list[Line] = []

    def add(self, operands: tuple[str, ...], text: str, shape: Shape) -> str:
        """A statement with a name of its own."""
        name = f"v{len(self.lines)}"
        self.lines.append(Line(name, operands, text))
        self.shapes[name] = shape
        return name

    def grow(self) -> None:
        """One more value, mostly of the last one."""
        rng, names = self.rng, list(self.shapes)
        name = names[-1] if rng.random() < 0.7 else rng.choice(names)
        if rng.random() < 0.25 and self._merge(name):
            return
        drawn = rng.choice(LAYERS)(rng, self.shapes[name])
        if drawn is not None:
            self.add((name,), f"{{0}} -> {drawn[0]}", drawn[1])

    def _merge(self, name: str) -> bool:
        shape = self.shapes[name]
        same = [n for n, s in self.shapes.items() if s == shape]
        beside = [n for n, s in self.shapes.items() if s[:-1] == shape[:-1]]
        other = self.rng.choice(same)
        if self.rng.random() < 0.7:
            how = self.rng.choice(("{0} + {1}", "{0} * {1}", "{0} - {1}", "maximum({0}, {1})"))
            self.add((name, other), how, shape)
            return True
        other = self.rng.choice(beside)
        width = shape[-1] + self.shapes[other][-1]
        self.add((name, other), "concatenate({0}, {1})", (*shape[:-1], width))
        return True


def head(rng: random.Random, pool: Pool) -> tuple[dict[str, Field], str]:
    """The output and the loss of it."""
    last = list(pool.shapes)[-1]
    flat = "{0}" if len(pool.shapes[last]) == 1 else "{0} -> flatten"
    count = rng.choice((1, 2, 3, 5))
    kind = rng.randrange(6)
    truth = Field(f"f32[{count}]")
    if kind < 2:
        count = max(count, 2)
        activation, more = (", softmax", "") if kind == 0 else ("", ", from_logits=true")
        loss = f"sparse_categorical_crossentropy(t, y{more})"
        truth = Field(f"class[{count}]", count)
    elif kind == 2:
        activation, loss = ", softmax", "categorical_crossentropy(t, y)"
        truth = Field(truth.type, 1)
    elif kind == 3:
        activation, loss = ", sigmoid", "binary_crossentropy(t, y)"
        truth = Field(truth.type, 1)
    else:
        activation = ""
        name = rng.choice(("mean_squared_error", "mean_absolute_error", "huber"))
        loss = f"{name}(t, y)"
    pool.lines.append(Line("y", (last,), f"{flat} -> dense({count}{activation})", "output"))
    return {"t": truth}, f"loss = {loss}"


def settings(rng: random.Random, loss: str) -> tuple[str, ...]:
    """What training is told."""
    return (
        loss,
        f"optimizer = {rng.choice(OPTIMIZERS)}",
        f"batch = {rng.choice((1, 2, 3, 4, 5))}",
    )


def spec(seed: int) -> Draft:
    """A random spec."""
    rng = random.Random(f"spec {seed}")
    pool = Pool(rng)
    size = lambda: rng.choice(SIZES)  # noqa: E731
    inputs = {
        "vector": Field(f"f32[{size()}]"),
        "sequence": Field(f"f32[{size()}, {size()}]"),
        "image": Field(f"f32[{size()}, {size()}, {rng.choice((1, 2, 3))}]"),
        "tokens": Field(f"i32[{size()}]", 6),
    }
    name = rng.choice(list(inputs))
    pool.shapes[name] = inputs[name].shape
    if name == "tokens":
        width, zero = rng.choice((1, 2, 3, 4)), rng.choice(("", ", mask_zero=true"))
        text = f"{{0}} -> embedding(6, {width}{zero})"
        first = pool.add((name,), text, (*inputs[name].shape, width))
        pool.shapes = {first: pool.shapes[first]}
    for _ in range(rng.randint(2, 5)):
        pool.grow()
    labels, loss = head(rng, pool)
    return Draft(
        f"spec {seed}", {name: inputs[name]}, labels, tuple(pool.lines), settings(rng, loss)
    )
