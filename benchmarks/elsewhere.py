"""A contender in a process of its own: Keras on TensorFlow, its default, beside Keras on JAX.

    python -m benchmarks.elsewhere WORKLOAD

sets up `by_keras` of a workload, and for each line on stdin calls it and prints what it reached.
One process has one backend of Keras. Between its turns it waits for a line, which takes no time.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

from benchmarks.harness import Done, Run


def keras_on_tensorflow(workload: str) -> Run:
    """What `by_keras` of a workload gives, with TensorFlow as the backend."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.elsewhere", workload],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )

    def call() -> Done:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith("["):
                return Done(*json.loads(line))
        raise RuntimeError(f"Keras on TensorFlow has ended in `{workload}`")

    return call


def main() -> None:
    """Do what `keras_on_tensorflow` asks for; the end of stdin ends it."""
    run = importlib.import_module(f"benchmarks.workloads.{sys.argv[1]}").by_keras()
    for _ in sys.stdin:
        print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    main()
