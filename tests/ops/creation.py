"""Tensors made from numbers alone. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "array": [
        ((), {"value": (1.0, -2.5)}),
        ((), {"value": ((1, 2, 3), (4, 5, 6)), "dtype": "i32"}),
        ((), {"value": (float("inf"),)}),
    ],
    "full": [((), {"shape": (3, 4), "value": value}) for value in (0, 1, -2.5)],
    "full_like": [(("f32[B,4]",), {"value": value}) for value in (0, 1, -2.5)],
    "arange": [
        ((), {"start": 0, "stop": 5, "step": 1}),
        ((), {"start": 1, "stop": 8, "step": 3}),
        ((), {"start": 1.0, "stop": -1.0, "step": -0.3, "dtype": "f32"}),
        ((), {"start": 0, "stop": 1, "step": 0.1, "dtype": "f32"}),
    ],
    **{
        name: [
            ((), {"start": 1, "stop": 8, "num": 7}),
            ((), {"start": 1.5, "stop": 8.0, "num": 1, "endpoint": False}),
        ]
        for name in ("linspace", "geomspace", "logspace")
    },
    **{name: [((), {"N": 3, "M": 3}), ((), {"N": 3, "M": 5, "k": -1})] for name in ("eye", "tri")},
    **{name: [((), {"M": 7})] for name in ("bartlett", "blackman", "hamming", "hanning")},
    "kaiser": [((), {"M": 7, "beta": 14.0})],
}
