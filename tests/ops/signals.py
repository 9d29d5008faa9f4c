"""Sounds and their frequencies. Operand types and attributes to try each op with."""

from tests.ops import Cases

CASES: Cases = {
    "spectrum": [(("f32[B,4,9]",), {}), (("f32[B,4,8]",), {})],
    "mel_bands": [
        (
            (),
            {"frequencies": 33, "bands": 5, "sampling_rate": 8000, "low": 20.0, "high": 4000.0},
        )
    ],
}
