"""Functions of tests/language/ops.py. Operand types and attributes to try each op with."""

from tests.ops import Cases


def _of(function: str, type: str) -> dict[str, str]:
    return {"path": "ops.py", "function": function, "type": type}


CASES: Cases = {
    "extern": [
        (("f32[B,4]",), _of("swish", "f32[D] -> f32[D]")),
        (("f32[B,3,4]",), _of("swish", "f32[..., D] -> f32[..., D]")),
        (("f32[B]",), _of("swish", "f32[...] -> f32[...]")),
        (("f32[4]",), _of("swish", "f32[D] -> f32[D]")),
        (("f32[B,3,4]", "f32[4]"), _of("scaled", "f32[..., D], f32[D] -> f32[..., D]")),
        (("f32[B,4]", "f32[B,4]"), _of("distance", "f32[D], f32[D] -> f32[]")),
        (("f32[B,6]",), _of("halves", "f32[6] -> f32[3], f32[3]")),
    ],
}
