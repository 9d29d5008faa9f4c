"""The JAX expression of each op. `ir/ops.py` has the type rules; a test compares the two.

Operands arrive as Python expressions that bind tighter than any operator: names,
subscripts, or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias, cast

from kspec.ir import JAX_DTYPES, Attr, Dim, Op


class Writer(Protocol):
    """What an emitter may ask of the file."""

    def helper(self, name: str) -> str:
        """Copy a helper into the file; returns the function's name."""
        ...

    def dim(self, symbol: str) -> str:
        """The Python expression of a symbolic axis's size."""
        ...


Emitter: TypeAlias = Callable[[Op, Writer, list[str]], str]
EMITTERS: Final[dict[str, Emitter]] = {}


def emits(*names: str) -> Callable[[Emitter], Emitter]:
    """Enter an emitter in the table, for one op or for several."""

    def enter(emitter: Emitter) -> Emitter:
        for name in names:
            EMITTERS[name] = emitter
        return emitter

    return enter


# Ops that are one JAX function of their operands.
FUNCTIONS: Final[Mapping[str, str]] = {
    "abs": "jnp.abs",
    "square": "jnp.square",
    "sign": "jnp.sign",
    "exp": "jnp.exp",
    "expm1": "jnp.expm1",
    "log": "jnp.log",
    "log1p": "jnp.log1p",
    "sin": "jnp.sin",
    "cos": "jnp.cos",
    "erf": "jax.lax.erf",
    "floor": "jnp.floor",
    "ceil": "jnp.ceil",
    "round": "jnp.round",
    "stop_gradient": "jax.lax.stop_gradient",
    "sqrt": "jnp.sqrt",
    "rsqrt": "jax.lax.rsqrt",
    "relu": "jax.nn.relu",
    "relu6": "jax.nn.relu6",
    "sigmoid": "jax.nn.sigmoid",
    "log_sigmoid": "jax.nn.log_sigmoid",
    "tanh": "jnp.tanh",
    "softplus": "jax.nn.softplus",
    "softsign": "jax.nn.soft_sign",
    "silu": "jax.nn.silu",
    "selu": "jax.nn.selu",
    "mish": "jax.nn.mish",
    "hard_sigmoid": "jax.nn.hard_sigmoid",
    "hard_silu": "jax.nn.hard_silu",
    "maximum": "jnp.maximum",
    "minimum": "jnp.minimum",
    "select": "jnp.where",
}
OPERATORS: Final[Mapping[str, str]] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "**",
    "matmul": "@",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
# Ops that are one helper of the same name, their attributes after the operands.
HELPERS: Final[Mapping[str, tuple[str, ...]]] = {
    "divide_no_nan": (),
    "conv": ("strides", "padding", "dilation", "groups"),
    "max_pool": ("window", "strides", "padding"),
    "avg_pool": ("window", "strides", "padding"),
    "masked_moments": ("axis",),
    "dropout_with_key": ("rate",),
}


def literal(value: object) -> str:
    """A number, string or tuple as Python; negative numbers in parentheses."""
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return f'float("{text}")'
    if text.startswith("-"):
        return f"({text})"
    return text.replace("'", '"') if isinstance(value, str) else text


def jax_dtype(name: str) -> str:
    """`jnp.float32`."""
    return f"jnp.{JAX_DTYPES[name]}"


def _function(op: Op, w: Writer, args: list[str]) -> str:
    return f"{FUNCTIONS[op.name]}({', '.join(args)})"


def _operator(op: Op, w: Writer, args: list[str]) -> str:
    return f"{args[0]} {OPERATORS[op.name]} {args[1]}"


def _helper(op: Op, w: Writer, args: list[str]) -> str:
    attrs = [
        f"{name}={literal(op.attrs[name])}"
        for name in HELPERS[op.name]
        if not _is_default(name, op.attrs[name])
    ]
    return f"{w.helper(op.name)}({', '.join([*args, *attrs])})"


def _is_default(name: str, value: Attr) -> bool:
    """Whether the helper's own default says the same."""
    if name == "dilation":
        return set(cast("tuple[int, ...]", value)) == {1}
    return name == "groups" and value == 1


EMITTERS.update(dict.fromkeys(FUNCTIONS, _function))
EMITTERS.update(dict.fromkeys(OPERATORS, _operator))
EMITTERS.update(dict.fromkeys(HELPERS, _helper))


@emits("negative")
def _negative(op: Op, w: Writer, args: list[str]) -> str:
    return f"-{args[0]}"


@emits("elu", "celu")
def _elu(op: Op, w: Writer, args: list[str]) -> str:
    alpha = op.attrs["alpha"]
    return f"jax.nn.{op.name}({args[0]}{'' if alpha == 1 else f', alpha={literal(alpha)}'})"


@emits("gelu")
def _gelu(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.nn.gelu({args[0]}, approximate={op.attrs['approximate']})"


@emits("leaky_relu")
def _leaky_relu(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.nn.leaky_relu({args[0]}, {literal(op.attrs['negative_slope'])})"


@emits("clip")
def _clip(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.clip({args[0]}, {literal(op.attrs['min'])}, {literal(op.attrs['max'])})"


@emits("constant")
def _constant(op: Op, w: Writer, args: list[str]) -> str:
    value = op.attrs["value"]
    dtype = cast("str", op.attrs["dtype"])
    if dtype == "f32" and not isinstance(value, bool):
        return literal(float(cast("float", value)))
    return literal(value)


@emits("cast")
def _cast(op: Op, w: Writer, args: list[str]) -> str:
    dtype = jax_dtype(cast("str", op.attrs["dtype"]))
    bare = args[0].lstrip("(").startswith(tuple("-.0123456789"))
    return f"jnp.asarray({args[0]}, {dtype})" if bare else f"{args[0]}.astype({dtype})"


@emits("sum", "mean", "max", "min")
def _reduce(op: Op, w: Writer, args: list[str]) -> str:
    axes = cast("tuple[int, ...]", op.attrs["axis"])
    axis = axes[0] if len(axes) == 1 else axes
    keep = ", keepdims=True" if op.attrs["keepdims"] else ""
    return f"jnp.{op.name}({args[0]}, axis={axis}{keep})"


@emits("argmax")
def _argmax(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.argmax({args[0]}, axis={op.attrs['axis']})"


@emits("softmax", "log_softmax")
def _softmax(op: Op, w: Writer, args: list[str]) -> str:
    axis = op.attrs["axis"]
    last = axis == op.result.type.rank - 1
    return f"jax.nn.{op.name}({args[0]}{'' if last else f', axis={axis}'})"


@emits("reshape")
def _reshape(op: Op, w: Writer, args: list[str]) -> str:
    shape = cast("tuple[Dim, ...]", op.attrs["shape"])
    sizes = [w.dim(axis) if isinstance(axis, str) else str(axis) for axis in shape]
    return f"{args[0]}.reshape({', '.join(sizes)})"


@emits("transpose")
def _transpose(op: Op, w: Writer, args: list[str]) -> str:
    return f"{args[0]}.transpose{op.attrs['permutation']}"


@emits("expand_dims", "squeeze")
def _axis(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.{op.name}({args[0]}, axis={op.attrs['axis']})"


@emits("concatenate")
def _concatenate(op: Op, w: Writer, args: list[str]) -> str:
    return f"jnp.concatenate([{', '.join(args)}], axis={op.attrs['axis']})"


@emits("index")
def _index(op: Op, w: Writer, args: list[str]) -> str:
    items = cast("tuple[int | tuple[int | None, ...], ...]", op.attrs["items"])
    parts = [str(item) if isinstance(item, int) else _slice(item) for item in items]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return f"{args[0]}[{', '.join(parts)}]"


def _slice(item: tuple[int | None, ...]) -> str:
    start, stop, step = ("" if part is None else str(part) for part in item)
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


@emits("take")
def _take(op: Op, w: Writer, args: list[str]) -> str:
    return f"{args[0]}[{args[1]}]"


@emits("one_hot")
def _one_hot(op: Op, w: Writer, args: list[str]) -> str:
    dtype = jax_dtype(cast("str", op.attrs["dtype"]))
    return f"jax.nn.one_hot({args[0]}, {op.attrs['depth']}, dtype={dtype})"


@emits("fold_in")
def _fold_in(op: Op, w: Writer, args: list[str]) -> str:
    return f"jax.random.fold_in({args[0]}, {op.attrs['data']})"


@emits("batch_normalize")
def _batch_normalize(op: Op, w: Writer, args: list[str]) -> str:
    x, mean, variance, *rest = args
    named = [name for name in ("scale", "center") if op.attrs[name]]
    words = {"scale": "gamma", "center": "beta"}
    extra = [f"{words[name]}={value}" for name, value in zip(named, rest, strict=True)]
    attrs = [f"{name}={literal(op.attrs[name])}" for name in ("axis", "epsilon")]
    return f"{w.helper('batch_normalize')}({', '.join([x, mean, variance, *attrs, *extra])})"


@emits("moving_average")
def _moving_average(op: Op, w: Writer, args: list[str]) -> str:
    momentum = cast("float", op.attrs["momentum"])
    helper = w.helper("moving_average")
    return f"{helper}({args[0]}, {args[1]}, momentum={literal(momentum)})"


@emits("sparse_categorical_crossentropy", "binary_crossentropy")
def _crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)})"


@emits("categorical_crossentropy")
def _categorical_crossentropy(op: Op, w: Writer, args: list[str]) -> str:
    return f"{w.helper(_by_input(op))}({', '.join(args)}, axis={op.attrs['axis']})"


def _by_input(op: Op) -> str:
    return f"{op.name}_from_logits" if op.attrs["from_logits"] else op.name
