"""`devices = n`: several devices share each batch, and find what one finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError

SPEC = """
data points {
  source = arrays()
  x : f32[6, 6, 1]
  y : class[3]
}

model Net {
  input x : f32[6, 6, 1]
  output z = x
    -> conv2d(4, 3, activation=relu)
    -> batch_normalization
    -> flatten
    -> dropout(0.3)
    -> dense(3, softmax)
}

train {
  model = Net
  data = points
  loss = sparse_categorical_crossentropy(y, z)
  metrics = [sparse_categorical_accuracy(y, z)]
  optimizer = adam(0.01)
  batch = 8
  devices = 4
  epochs = 2
}
"""

# In a process of its own: how many devices the CPU has is said before JAX starts.
PROGRAM = """
import json, logging, sys
import jax
import numpy as np
import kspec
from kspec.runtime import loop

text = open(sys.argv[1]).read()
loop.steps_go_alone = lambda convolves: sys.argv[3] == "alone"
compiled = []
jax.config.update("jax_log_compiles", True)
handler = logging.Handler()
handler.emit = lambda record: compiled.append(record.getMessage().partition(" in ")[0])
logging.getLogger("jax").addHandler(handler)
logging.getLogger("jax").propagate = False
rng = np.random.default_rng(0)
rows = 45  # the last batch is short
data = {"x": rng.normal(size=(rows, 6, 6, 1)).astype("float32"), "y": rng.integers(0, 3, rows)}
run = kspec.compile_text(text, set={"train.devices": int(sys.argv[2])}).init()
run.fit(data={"train": data, "validation": data}, quiet=True)
run.fit(data={"train": data, "validation": data}, quiet=True, epochs=1)
steps = [text for text in compiled if "XLA compilation of jit(train_step" in text]
again = kspec.load(run.save(sys.argv[1] + ".run"))
for each in (run, again):
    each.fit(data={"train": data, "validation": data}, quiet=True, epochs=1)
kept = all((run.weights[path] == again.weights[path]).all() for path in run.weights)
places = {len(leaf.sharding.device_set) for leaf in run.state["params"]["dense"].values()}
whole = all(leaf.is_fully_replicated for leaf in run.state["params"]["dense"].values())
print(json.dumps({
    "history": [{k: r[k] for k in ("train", "validation")} for r in run.history],
    "kernel": run.weights["dense.kernel"].tolist(),
    "predicted": run.predict({"x": data["x"]})["z"].tolist(),
    "places": sorted(places), "kept": kept, "whole": whole, "compiled": steps,
}))
"""


def trained(folder: Path, devices: int, way: str) -> dict:
    (folder / "net.kspec").write_text(SPEC, encoding="utf-8")
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=4"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder / "net.kspec", str(devices), way],
        env={**os.environ, "XLA_FLAGS": flags},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", ["alone", "together"])
def test_four_devices_find_what_one_finds(tmp_path, way):
    one, four = trained(tmp_path, 1, way), trained(tmp_path, 4, way)
    assert (one["places"], four["places"], four["whole"]) == ([1], [4], True)
    assert one["kept"] and four["kept"], "saved and loaded it goes on otherwise"
    assert len(four["compiled"]) == 1, "a step was compiled again for another placement"
    for ours, theirs in zip(four["history"], one["history"], strict=True):
        for split in theirs:
            assert ours[split] == pytest.approx(theirs[split], rel=1e-4)
    for name in ("kernel", "predicted"):
        np.testing.assert_allclose(four[name], one[name], rtol=1e-3, atol=1e-5)


def test_fewer_devices_do_not_train_but_predict():
    run = kspec.compile_text(SPEC, set={"train.devices": 8}).init()
    assert run.predict({"x": [[[[0.0]] * 6] * 6]})["z"].shape == (1, 3)
    with pytest.raises(SpecError, match="E640"):
        run.fit(data={"train": {"x": [[[[0.0]] * 6] * 6], "y": [0]}}, quiet=True)


def test_the_estimate_is_that_of_one_device():
    one, four = (
        kspec.compile_text(SPEC, set={"train.devices": devices}).compiled.module.train
        for devices in (1, 4)
    )
    assert (one.share, four.share) == (8, 2)
