"""Elements turned, repeated, padded. Operand types and attributes to try each op with."""

from tests.ops import Cases

IMAGE = ("f32[B,5,4]",)

CASES: Cases = {
    "flip": [(IMAGE, {"axis": (1,)}), (IMAGE, {"axis": (1, 2)})],
    "roll": [(IMAGE, {"axis": (1,), "shift": (2,)}), (IMAGE, {"axis": (1, 2), "shift": (2, -1)})],
    "tile": [(IMAGE, {"repeats": (1, 2, 3)})],
    "repeat": [(IMAGE, {"repeats": 3, "axis": axis}) for axis in (1, 2)],
    "pad": [
        (IMAGE, {"pad_width": ((0, 0), (1, 2), (0, 3))}),
        (IMAGE, {"pad_width": ((0, 0), (1, 2), (0, 0)), "value": -1.5}),
        (IMAGE, {"pad_width": ((0, 0), (1, 2), (0, 0)), "mode": "reflect"}),
    ],
    "broadcast_to": [
        (("f32[B,1,4]",), {"shape": ("B", 5, 4)}),
        (("f32[B,1]",), {"shape": ("B", 3)}),
        (("f32[4]",), {"shape": (5, 4)}),
    ],
    "update_slice": [
        (("f32[B,5,4]", "f32[B,2,3]"), {"start": (0, 3, 1)}),
        (("f32[B,T,4]", "f32[B,T,1]"), {"start": (0, 0, 2)}),
    ],
    "stack": [(("f32[B,4]",) * 3, {"axis": axis}) for axis in (1, 2)],
    **{name: [(IMAGE, {}), (IMAGE, {"k": -1})] for name in ("tril", "triu")},
    "diagonal": [
        (IMAGE, {"axis1": 1, "axis2": 2}),
        (IMAGE, {"axis1": 2, "axis2": 1, "offset": 2}),
        (("f32[B,5,3,4]",), {"axis1": 1, "axis2": 3, "offset": -2}),
    ],
}
