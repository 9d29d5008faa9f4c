"""Where the time goes of workloads that miss a goal: their parts, and their stages.

    python benchmarks/parts.py [--rounds 5] [NAME...]

`siamese` and `augmented` are timed beside the same programs with a part left out, in turns;
`decoder_start` and `warm_start` in fresh processes that say when each stage ends. Medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["KERAS_BACKEND"] = "jax"

Times = dict[str, list[float]]  # seconds by part

# What each stage of a fresh process does.
DECODER_START = {
    "import JAX": "import jax",
    "import the rest, and compile the spec to Python": """
from benchmarks.workloads import decoder
program = decoder.program()
""",
    "first weights: small programs are compiled, and run": """
run = program.init()
jax.block_until_ready(run.state["params"])
""",
    "the step: traced, compiled, and run once": """
run.fit({"train": decoder.data(1)}, quiet=True)
""",
}
WARM_START = {
    "import JAX": "import jax",
    "import what `kspec run` needs, and the devices": """
from pathlib import Path
import kspec.cli
from kspec.build import bundle_of
from kspec.runtime.programs import remember_programs
from kspec.runtime.run import Run
from kspec.runtime.train import Training
remember_programs()
jax.devices()
""",
    "import Optax, which the generated file does": "import optax",
    "the generated file, and the first weights": """
run = Run(bundle_of(Path("build/digits")))
jax.block_until_ready(run.state["params"])
""",
    "the data, an epoch, and its validation": "run.fit(epochs=1, quiet=True)",
}
OF_ALL = "in all"


def turns(parts: dict[str, Callable[[], object]], rounds: int, units: int) -> Times:
    """Call each part once, then in turns."""
    times: Times = {name: [] for name in parts}
    for number in range(rounds + 1):
        for name, call in parts.items():
            start = time.perf_counter()
            call()
            if number:
                times[name].append((time.perf_counter() - start) / units)
    return times


def siamese(rounds: int) -> Times:
    """A step, and without the recurrence, and without the embedding."""
    import numpy as np

    import kspec
    from benchmarks import contenders
    from benchmarks.workloads import siamese as workload

    encoder = "embedding(10_000, 128) -> lstm(64)"
    pooled = workload.SPEC.replace(encoder, "embedding(10_000, 128) -> global_average_pooling1d")
    vectors = workload.SPEC.replace(encoder, "lstm(64)").replace("i32[100]", "f32[100, 128]")
    rows = workload.data()
    rng = np.random.default_rng(0)
    drawn = {
        name: rng.normal(size=(len(rows["same"]), 100, 128)).astype(np.float32)
        for name in ("left", "right")
    }

    def fit(spec: str, data: contenders.Arrays) -> Callable[[], object]:
        program = kspec.compile_text(spec)
        return contenders.spec_fit(program, contenders.spec_weights(program), data, 1)

    parts = {
        "a step": fit(workload.SPEC, rows),
        "with the mean of the words in place of the LSTM": fit(pooled, rows),
        "with vectors as inputs in place of the embedding": fit(vectors, {**rows, **drawn}),
    }
    return turns(parts, rounds, workload.STEPS)


def augmented(rounds: int) -> Times:
    """An epoch, without augmentation, augmentation alone, and an epoch of Keras."""
    import kspec
    from benchmarks import contenders
    from benchmarks.workloads import affine, cnn
    from benchmarks.workloads import augmented as workload

    plain = workload.SPEC.replace(f"  augment image -> {workload.AUGMENT}\n", "")
    assert plain != workload.SPEC
    calls, left = divmod(len(workload.data()["label"]), affine.BATCH * affine.CALLS)
    assert not left
    alone = affine.helper()
    parts: dict[str, Callable[[], object]] = {
        "an epoch": workload.spec(),
        "without augmentation": contenders.spec_fit(
            kspec.compile_text(plain), cnn.weights(), workload.data(), 1
        ),
        "augmentation alone, as one program": lambda: [alone() for _ in range(calls)],
        "an epoch of Keras": workload.by_keras(),
    }
    return turns(parts, rounds, 1)


def staged(stages: Mapping[str, str], env: Mapping[str, str], folder: Path, rounds: int) -> Times:
    """Fresh processes that say how long each stage takes; the first one warms up."""
    tick = "now = time.perf_counter(); print('took', now - last); last = now"
    start = f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); last = time.perf_counter()"
    code = "\n".join([start, *(f"{stage}\n{tick}" for stage in stages.values())])
    times: Times = {name: [] for name in (*stages, OF_ALL)}
    for number in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | env,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = (line.split() for line in done.stdout.splitlines())
        took = [float(words[1]) for words in lines if words[:1] == ["took"]]
        for name, seconds in zip(times, (*took, sum(took)), strict=True):
            if number:
                times[name].append(seconds)
    return times


def decoder_start(rounds: int) -> Times:
    """From starting Python to the first update, with nothing compiled."""
    with tempfile.TemporaryDirectory() as cache:
        env = {"XDG_CACHE_HOME": cache, "JAX_ENABLE_COMPILATION_CACHE": "false"}
        return staged(DECODER_START, env, Path(cache), rounds)


def warm_start(rounds: int) -> Times:
    """From starting Python to the end of the first epoch, when it is not the first time."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(ROOT / "specs" / "digits.kspec", place)
        compiling = [sys.executable, "-m", "kspec", "compile", "digits.kspec"]
        subprocess.run(
            compiling,
            cwd=place,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
        return staged(WARM_START, {}, Path(place), rounds)


WORKLOADS: dict[str, Callable[[int], Times]] = {
    "siamese": siamese,
    "augmented": augmented,
    "decoder_start": decoder_start,
    "warm_start": warm_start,
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *WORKLOADS], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("| workload | part | seconds |\n|---|---|---|")
    for name in given.names or WORKLOADS:
        for number, (part, seconds) in enumerate(WORKLOADS[name](given.rounds).items()):
            shown = "" if number else name
            print(f"| {shown} | {part} | {statistics.median(seconds):#.3g} |", flush=True)


if __name__ == "__main__":
    main()
