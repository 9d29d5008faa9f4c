"""A layer of one's own, in a spec and in kspec: the examples of CONTRIBUTING.md are run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import kspec
from kspec.syntax.format import format_text
from tests.conftest import TESTS
from tests.test_docs import blocks

PAGE = TESTS.parent / "CONTRIBUTING.md"
(IN_A_SPEC,) = blocks(PAGE, "kspec")
(IN_KSPEC,) = blocks(PAGE, "python")
TRAIN = """
data d {
  source = arrays()
  x : f32[5, 8]
  target : f32[5, 3]
}

train {
  model = Net
  data = d
  loss = mean_squared_error(target, y)
  optimizer = sgd(0.1)
}
"""
# A kspec with the file among its layers; it prints what a net of the layer gives and learns.
PROGRAM = """
import json, sys
from pathlib import Path
import kspec.layers
from kspec import registry
kspec.layers.__path__.append(sys.argv[1])
registry.INDEX = Path(sys.argv[1], "vocabulary.txt")
registry.INDEX.write_text(registry.index())
assert "layer gated gated_dense" in registry.INDEX.read_text().splitlines()
import numpy as np
import kspec
run = kspec.compile_text(open(sys.argv[2]).read()).init()
x = np.load(sys.argv[3])["x"]
weights = {path: np.asarray(w).tolist() for path, w in run.weights.items()}
y = run.predict({"x": x})["y"].tolist()
data = {"train": {"x": x, "target": np.ones((len(x), 5, 3), np.float32)}}
run.fit(data, epochs=5, quiet=True)
losses = [each["train"]["loss"] for each in run.history]
print(json.dumps({"weights": weights, "y": y, "losses": losses}))
"""


def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(7, 5, 8)).astype(np.float32)


def gated(x: np.ndarray, value: Any, gate: Any) -> np.ndarray:
    """The formula of the page in NumPy."""
    return (x @ np.asarray(value)) / (1 + np.exp(-(x @ np.asarray(gate))))


def test_the_block_is_a_layer_that_learns():
    run = kspec.compile_text(IN_A_SPEC + TRAIN).init()
    value, gate = run.weights["gated_dense.value"], run.weights["gated_dense.gate"]
    assert value.shape == gate.shape == (8, 3)
    given = run.predict({"x": inputs()})["y"]
    np.testing.assert_allclose(given, gated(inputs(), value, gate), rtol=1e-5, atol=1e-6)
    target = np.ones((7, 5, 3), np.float32)
    run.fit({"train": {"x": inputs(), "target": target}}, epochs=5, quiet=True)
    losses = [each["train"]["loss"] for each in run.history]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0]
    assert (run.weights["gated_dense.gate"] != gate).any()


def with_the_layer(folder: Path, call: str) -> subprocess.CompletedProcess[str]:
    """Run a net of the layer in a kspec that has the page's file."""
    (folder / "layers").mkdir()
    (folder / "layers" / "gated.py").write_text(IN_KSPEC, encoding="utf-8")
    model = f"model Net {{\n  input x : f32[5, 8]\n  output y = x -> {call}\n}}\n"
    (folder / "net.kspec").write_text(model + TRAIN, encoding="utf-8")
    np.savez(folder / "x.npz", x=inputs())
    places = [str(folder / name) for name in ("layers", "net.kspec", "x.npz")]
    command = [sys.executable, "-c", PROGRAM, *places]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_is_a_layer_of_all_specs(tmp_path):
    done = with_the_layer(tmp_path, "gated_dense(3, gate_initializer=he_uniform)")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    weights = found["weights"]
    assert list(weights) == ["gated_dense.value", "gated_dense.gate"]
    expected = gated(inputs(), weights["gated_dense.value"], weights["gated_dense.gate"])
    np.testing.assert_allclose(np.array(found["y"]), expected, rtol=1e-5, atol=1e-6)
    assert found["losses"][-1] < found["losses"][0]


def test_the_file_checks_its_arguments_as_all_layers_do(tmp_path):
    done = with_the_layer(tmp_path, "gated_dense(0)")
    assert done.returncode == 1
    assert "units must be at least 1" in done.stderr


def test_the_examples_are_written_as_the_house_writes():
    assert format_text(IN_A_SPEC) == IN_A_SPEC
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename=kspec/layers/gated.py", "-"],
            cwd=TESTS.parent,
            input=IN_KSPEC,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_kspec_itself_has_no_such_layer():
    from kspec.registry import names

    assert "gated_dense" not in names("layer")
