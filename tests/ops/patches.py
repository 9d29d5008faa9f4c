"""Windows of images. Operand types and attributes to try each op with."""

from tests.ops import Cases

WINDOWS = {"kernel_size": (3, 2), "dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}

CASES: Cases = {
    "unfold": [(("f32[B,2,7,6]",), WINDOWS)],
    "fold": [(("f32[B,12,16]",), WINDOWS | {"output_size": (7, 6)})],
}
