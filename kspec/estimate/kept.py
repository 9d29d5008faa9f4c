"""What the backward pass keeps of each op: the rules, op by op.

An op is of one of three kinds.

- *Moved*: its result has the operand's numbers in their order, and its buffer: `reshape`.
- *Fused*: XLA computes it inside of whatever reads it, so its result has no buffer, unless
  one of a *stored* op's operands must be one: `add`, `cast`, `select`.
- *Stored*: its result has a buffer: products, reductions, lookups, loops, all else.

What is kept of an op for the gradient of its operands is the operand or the result that its
derivative is a function of: `y` of `tanh`, since `dx = dy * (1 - y ** 2)`; the operands of a
product; nothing of a sum. A fused operand that is asked for is computed again from the
buffers behind it, which then are kept in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kspec.ir import CONVOLUTIONS

MOVED: Final = frozenset({"reshape", "expand_dims", "squeeze", "split_calls"})

FUSED: Final = frozenset(
    {
        *("add", "subtract", "multiply", "divide", "divide_no_nan", "negative", "abs", "square"),
        *("sign", "sqrt", "rsqrt", "power", "maximum", "minimum", "clip", "reciprocal", "trunc"),
        *("floor", "ceil", "round", "relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_silu"),
        *("hard_tanh", "softsign", "elu", "celu", "selu", "mod", "floor_divide", "stop_gradient"),
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "select"),
        *("logical_and", "logical_or", "logical_not", "logical_xor", "isnan", "isfinite"),
        *("cast", "constant", "full", "full_like", "iota", "arange", "one_hot", "ones_mask"),
        *("broadcast_to", "transpose", "index", "flip", "repeat", "tile", "pad", "roll", "tril"),
        *("triu", "eye", "array", "heaviside", "nan_to_num", "batch_normalize", "dropout_with_key"),
        *("shared_dropout", "glu", "sigmoid", "tanh", "exp", "log", "softplus", "silu", "gelu"),
        *("expm1", "log1p", "erf", "sin", "cos", "log_sigmoid", "mish", "concatenate", "stack"),
        *("join_calls", "fold_in", "fold_in_number", "random_key"),
        *("layer_norm", "rms_norm", "group_norm"),
    }
)

# Stored ops whose operands may still be fused into them: sums go over what they are given.
READS_FUSED: Final = frozenset(
    {
        "max_pool_tiles",
        *("sum", "mean", "max", "min", "prod", "argmax", "argmin", "all", "any", "softmax"),
        *("log_softmax", "masked_moments", "norm", "vector", "take", "gather", "moving_average"),
        *("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"),
        *("binary_focal_crossentropy", "categorical_focal_crossentropy", "kl_divergence"),
        *("spread_over_rows", "scale_to_kept", "huber", "log_cosh", "cosine_similarity"),
        *("unit_norm", "stack_rounds", "count_categories", "middle_crop"),
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an op keeps for its gradient.

    Attributes:
        operands: The operands, by their places.
        crossed: Whether an operand is kept for the gradient of each other one: of a product.
        result: Whether its result is.
        copies: How many other tensors of the type of its result.
        flags: How many tensors of one byte an element of its result.
    """

    operands: tuple[int, ...] = ()
    crossed: bool = False
    result: bool = False
    copies: int = 0
    flags: int = 0


NOTHING: Final = Kept()
OPERAND: Final = Kept(operands=(0,))
OPERANDS: Final = Kept(operands=(0, 1))
RESULT: Final = Kept(result=True)
PRODUCT: Final = Kept(crossed=True)

KEEPS: Final[dict[str, Kept]] = {
    **dict.fromkeys(("matmul", "matmul_narrow", "einsum", *CONVOLUTIONS), PRODUCT),
    **dict.fromkeys(("multiply", "cross"), PRODUCT),
    **dict.fromkeys(("tanh", "sigmoid", "exp", "sqrt", "rsqrt", "softmax", "elu", "selu"), RESULT),
    **dict.fromkeys(
        (
            *("relu", "relu6", "leaky_relu", "abs", "square", "log", "log1p", "sin", "cos", "erf"),
            *("clip", "hard_sigmoid", "hard_silu", "hard_tanh", "softsign", "celu", "max_pool"),
            *("softplus", "log_sigmoid", "unit_norm", "reciprocal", "norm", "max", "min", "prod"),
            *("masked_moments", "sort", "sparse_plus", "sparse_sigmoid", "squareplus"),
            *("layer_norm", "layer_norm_native", "rms_norm", "group_norm", "select"),
        ),
        OPERAND,
    ),
    **dict.fromkeys(("maximum", "minimum", "power", "arctan2", "divide"), OPERANDS),
    **dict.fromkeys(("divide_no_nan", "huber", "binary_crossentropy"), OPERANDS),
    **dict.fromkeys(("categorical_crossentropy", "sparse_categorical_crossentropy"), OPERANDS),
    "gelu": Kept(operands=(0,), copies=2),  # what the error function gives, and its slope
    "gelu_native": Kept(copies=1),  # its slope
    **dict.fromkeys(("silu", "mish"), Kept(operands=(0,), copies=1)),
    **dict.fromkeys(("dropout_with_key", "shared_dropout", "alpha_dropout"), Kept(flags=1)),
    **dict.fromkeys(("take", "gather"), Kept(operands=(1,))),
    "batch_normalize": Kept(operands=(0, 1, 2)),
    # The kernels keep the slopes of each step, as wide as its output, beside the outputs.
    "lstm": Kept(operands=(0, 1, 2), result=True, copies=6),
    "gru": Kept(operands=(0, 1, 2), result=True, copies=5),
    "lstm_native": Kept(operands=(0, 1, 2), result=True, copies=5),  # the gates, and c
    "gru_native": Kept(operands=(0, 1, 2), result=True, copies=4),
    "max_pool_tiles": OPERAND,
    "linear_crossentropy": Kept(operands=(0, 1, 2), result=True),
    "dot_product_attention": Kept(operands=(0, 1, 2)),  # and probabilities, which are larger
    # Its result also as the product behind it has it, whose axes are in another order.
    "attention_native": Kept(operands=(0, 1, 2), result=True, copies=1),
}

# The rounds of a loop give what they keep to the backward pass as it is in JAX' derivatives:
# nothing is computed again there.
IN_LOOPS: Final[dict[str, Kept]] = {
    **dict.fromkeys(("relu", "leaky_relu", "relu6", "abs"), Kept(flags=1)),
    **dict.fromkeys(("sigmoid", "sqrt", "rsqrt", "log"), Kept(copies=1)),
    "tanh": Kept(result=True, copies=1),
    **dict.fromkeys(("gelu", "silu", "mish"), Kept(operands=(0,), copies=2)),
    **dict.fromkeys(("elu", "selu", "celu"), Kept(copies=2, flags=2)),
    **dict.fromkeys(("softplus", "log_sigmoid", "clip"), Kept(copies=2)),
    **dict.fromkeys(("layer_norm", "group_norm", "rms_norm"), Kept(operands=(0,), copies=2)),
}

# Ops that give a gradient to nothing that they read.
NO_GRADIENT: Final = frozenset(
    {
        *("stop_gradient", "argmax", "argmin", "argsort", "floor", "ceil", "round", "sign"),
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "heaviside"),
    }
)

LINEAR: Final = frozenset(
    {
        *("add", "subtract", "negative", "cast", "reshape", "transpose", "expand_dims", "squeeze"),
        *("index", "concatenate", "stack", "pad", "flip", "roll", "tile", "repeat", "sum", "mean"),
        *("broadcast_to", "split_calls", "join_calls", "avg_pool", "adaptive_avg_pool", "resize"),
        *("stack_rounds", "tril", "triu", "cumsum", "spread_over_rows", "diagonal"),
        *("where_training", "update_slice"),
    }
)


def kept_of(name: str, looped: bool = False) -> Kept:
    """What an op keeps; of one that is not listed, all that it reads and gives."""
    if name in LINEAR:
        return NOTHING
    if looped and name in IN_LOOPS:
        return IN_LOOPS[name]
    return KEEPS.get(name, Kept(operands=(0, 1, 2, 3), result=True))
