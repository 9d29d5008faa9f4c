"""Element by element. Operand types and attributes to try each op with."""

from tests.ops import FLOATS, PAIR, SHIFT, Cases

UNARY = "negative abs square sign exp log sqrt rsqrt relu relu6 sigmoid log_sigmoid tanh softplus"
UNARY += " expm1 log1p sin cos erf floor ceil round stop_gradient"
UNARY += " softsign silu selu mish hard_sigmoid hard_silu elu celu gelu gelu_native leaky_relu"
BINARY = "add subtract multiply power maximum minimum divide divide_no_nan"
COMPARE = "equal not_equal less less_equal greater greater_equal"

CASES: Cases = {
    **{name: [(FLOATS, {})] for name in UNARY.split()},
    **{name: [(PAIR, {}), (SHIFT, {}), (("f32[]", "f32[B,4]"), {})] for name in BINARY.split()},
    **{name: [(PAIR, {}), (("i32[B]", "i32[]"), {})] for name in COMPARE.split()},
    "clip": [(FLOATS, {"min": -1.0, "max": 1.0})],
    "constant": [((), {"value": 2.5}), ((), {"value": 3, "dtype": "i32"})],
    "cast": [(("u8[B,4]",), {"dtype": "f32"}), (FLOATS, {"dtype": "i32"})],
    "select": [(("bool[B,1]", "f32[B,4]", "f32[]"), {})],
}
