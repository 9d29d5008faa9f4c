"""Arithmetic, division with rest, limits of types."""

from tests.parity.ops import Cases, calls, same

PAIRS = "add subtract multiply divide fmax fmin mod fmod floor_divide"
LIMITS = {"u8": "uint8", "i8": "int8", "i16": "int16", "i32": "int32", "f32": "float32"}

CASES: Cases = {
    **same(f"{name}({pair})" for name in PAIRS.split() for pair in ("x, z", "j, h")),
    **same(["add(x, 2)", "subtract(2, x)", "multiply(x, v)", "add(v, x)", "divide(j, 4)"]),
    **same(["mod(j, 4)", "fmax(n, z)", "fmin(n, 0)", "gcd(j, h)", "lcm(j, 6)", "trunc(x * 3)"]),
    **same(["trunc(j)", "nan_to_num(n)", "nan_to_num(o)", "nan_to_num(j)"]),
    **same(["nan_to_num(o, nan=1.5, posinf=9, neginf=-8)"]),
    **calls("isnan isinf isfinite isposinf isneginf signbit", "o"),
    **calls("isnan signbit", "j * 1.0"),
    "bitwise_invert(j)": "k.bitwise_invert(j)",
    **{
        f'saturate_cast(x * {scale}, "{short}")': f'k.saturate_cast(x * {scale}, "{long}")'
        for short, long in LIMITS.items()
        for scale in ("90", "1e9")
    },
    'saturate_cast(j * 90, "u8")': 'k.saturate_cast(j * 90, "uint8")',
    'saturate_cast(j, "bool")': 'k.saturate_cast(j, "bool")',
    **{
        f'saturate_cast(cast(x * 9999, "{narrow}"), "{short}")': "k.saturate_cast("
        f'k.cast(x * 9999, "{wide}"), "{long}")'
        for narrow, wide in {"f16": "float16", "bf16": "bfloat16"}.items()
        for short, long in LIMITS.items()
        if short != "f32"
    },
}
