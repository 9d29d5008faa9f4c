"""The table of kernels that ships with kspec: each way of an op, timed in a small training step.

    python -m benchmarks.kernels

writes `kspec/passes/kernels.json`. The ops are those of usual networks, from the first layer to
the last, and the sizes between which one way becomes better than the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

import kspec
from kspec.files import write_json
from kspec.passes.measured import TABLE
from kspec.planning import make_plan
from kspec.runtime import compat
from kspec.runtime.tune import Steps, tune_places
from kspec.tuned import Seconds, content

SECONDS: Final = 8.0  # of turns an op
# Batch, size of the image, channels, filters, window.
CONVOLUTIONS: Final = (
    *((64, 32, 3, 32, 3), (64, 32, 32, 32, 3), (8, 32, 3, 32, 3), (8, 32, 32, 64, 3)),
    *((64, 28, 1, 32, 3), (64, 26, 32, 64, 3), (64, 28, 1, 32, 5), (64, 14, 32, 64, 5)),
    *((64, 16, 3, 32, 3), (64, 16, 32, 64, 3), (16, 16, 64, 128, 3)),
    *((64, 8, 1, 32, 3), (64, 8, 32, 32, 3), (64, 8, 64, 128, 3), (8, 8, 64, 64, 3)),
    *((64, 4, 32, 64, 3), (64, 4, 64, 64, 3), (16, 4, 128, 128, 3), (8, 56, 64, 64, 3)),
    *((8, 28, 128, 256, 3), (8, 28, 512, 512, 3), (16, 14, 256, 512, 3), (16, 14, 512, 512, 3)),
)
# Batch, steps, channels, filters, window.
IN_TIME: Final = ((32, 100, 16, 32, 3), (32, 100, 64, 64, 5), (32, 1000, 1, 32, 8))
# Batch, size of the image, channels.
POOLS: Final = ((64, 32, 32), (64, 16, 64), (64, 8, 128), (64, 8, 32), (64, 4, 64), (8, 56, 64))
# Batch, rows and columns of a narrow matrix.
HEADS: Final = (
    *((128, 512, 10), (64, 2048, 10), (64, 256, 10), (128, 128, 10), (32, 256, 1), (32, 128, 1)),
    *((1024, 256, 8), (32, 4096, 1), (256, 1024, 32), (512, 512, 64), (32, 512, 64), (16, 128, 3)),
)
# Batch, steps, rows and columns of a narrow matrix.
HEADS_IN_TIME: Final = ((32, 100, 128, 8), (8, 128, 256, 16), (8, 128, 512, 64))
# Batch, rows of an example, width.
ROWS: Final = (
    *((8, 128, 256), (8, 512, 768), (32, 100, 64), (32, 16, 32), (64, 1, 256), (64, 1, 32)),
    *((1, 128, 512), (2, 256, 1024), (64, 256, 64), (8, 1024, 96)),
)
# Batch, steps, width.
GELUS: Final = ((8, 128, 1024), (8, 512, 3072), (32, 100, 256), (64, 1, 128), (64, 1, 1024))
# Batch, steps, features, units: of each recurrent layer.
LOOPS: Final = (
    *((32, 100, 128, 64), (64, 100, 128, 64), (32, 200, 16, 32), (256, 20, 32, 32)),
    *((128, 28, 28, 128), (32, 100, 256, 128), (32, 50, 256, 256), (16, 50, 512, 512)),
)
# Batch, steps, heads, size of a head, and whether a step sees itself and earlier ones alone.
ATTENTIONS: Final = (
    *((8, 128, 4, 64, True), (32, 32, 4, 32, False), (64, 16, 2, 16, False)),
    *((2, 512, 4, 64, True), (16, 64, 4, 32, True), (8, 256, 4, 32, False), (64, 8, 2, 8, False)),
)
# Which of the first are in bfloat16, too.
HALF: Final = (1, 3, 9, 13, 26, 28)
TRAIN: Final = """
train {
  model = Net
  data = numbers
  loss = mean_squared_error(y, out)
  optimizer = sgd(0.01)
  batch = %d
}
"""


def spec(batch: int, shape: tuple[int, ...], layers: str, outputs: int = 1) -> str:
    """A model of such layers, which learns their numbers; of several axes a mean is made first."""
    axes = ", ".join(map(str, shape))
    mean = f" -> global_average_pooling{len(shape) - 1}d -> dense({outputs})"
    data = f"data numbers {{\n  source = arrays()\n  x : f32[{axes}]\n  y : f32[{outputs}]\n}}\n"
    output = f"  output out = x -> {layers}{mean if len(shape) > 1 else ''}\n"
    return f"{data}model Net {{\n  input x : f32[{axes}]\n{output}}}\n{TRAIN % batch}"


def heads() -> Iterator[str]:
    """Models with a narrow product."""
    for batch, long, narrow in HEADS:
        yield spec(batch, (64,), f"dense({long}, relu) -> dense({narrow})", narrow)
    for batch, steps, long, narrow in HEADS_IN_TIME:
        yield spec(batch, (steps, 64), f"dense({long}, relu) -> dense({narrow})")


def specs() -> list[str]:
    """One an op."""
    found: list[str] = []
    for batch, size, channels, filters, window in CONVOLUTIONS:
        layer = f"conv2d({filters}, {window}, padding=same, activation=relu)"
        found.append(spec(batch, (size, size, channels), layer))
    for batch, steps, channels, filters, window in IN_TIME:
        layer = f"conv1d({filters}, {window}, padding=same, activation=relu)"
        found.append(spec(batch, (steps, channels), layer))
    for batch, size, channels in POOLS:
        layers = f"dense({channels}) -> max_pooling2d(2)"
        found.append(spec(batch, (size, size, channels), layers))
    found += heads()
    for batch, rows, width in ROWS:
        layers = f"dense({width}) -> layer_normalization -> dense({width})"
        found.append(spec(batch, (rows, width), layers))
    for batch, steps, width in GELUS:
        layers = f"dense({width}, gelu) -> dense(64)"
        found.append(spec(batch, (steps, 64), layers))
    for batch, steps, count, size, causal in ATTENTIONS:
        layer = f"multi_head_attention({count}, {size}, use_causal_mask={str(causal).lower()})"
        found.append(spec(batch, (steps, count * size), layer))
    half = "precision = mixed_bfloat16\n}"
    found += [found[number].rpartition("}")[0] + f"  {half}\n" for number in HALF]
    for batch, steps, features, units in LOOPS:
        for kind in ("lstm", "gru"):
            layers = f"dense({features}) -> {kind}({units}, return_sequences=true)"
            found.append(spec(batch, (steps, features), layers))
    return found


def main() -> None:
    """Measure all, and write the table."""
    choices: dict[str, str] = {}
    seconds: dict[str, Seconds] = {}
    for text in specs():
        compiled = kspec.compile_text(text).compiled
        race = Steps("", make_plan(compiled).phases, seconds=SECONDS)
        for each in tune_places(compiled.program.module, race):
            key = each.sites[0].key
            choices[key], seconds[key] = each.chosen, each.seconds
            sys.stderr.write(f"{key}: {dict(each.seconds)}, {each.chosen}\n")
    write_json(TABLE, content(choices, seconds, compat.device().device_kind))


if __name__ == "__main__":
    main()
