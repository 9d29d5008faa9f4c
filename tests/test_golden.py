"""Every spec of the repository: its IR, its optimised IR, and its Python, as files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kspec
from kspec.ir import read, show
from tests.conftest import SPECS, TESTS

NAMES = sorted(path.stem for path in SPECS.glob("*.kspec"))
GOLDEN = TESTS / "golden"


@pytest.mark.parametrize("name", NAMES)
def test_stages_are_as_recorded(name, golden):
    program = kspec.compile(SPECS / f"{name}.kspec")
    golden(GOLDEN / name / "model.ir", program.ir("after:elaborate"))
    golden(GOLDEN / name / "model.opt.ir", program.ir())
    golden(GOLDEN / name / "model.py", program.source)


@pytest.mark.parametrize("name", NAMES)
def test_every_stage_reads_back(name):
    program = kspec.compile(SPECS / f"{name}.kspec")
    for module in (stage.module for stage in program.compiled.stages.values()):
        assert show(read(show(module))) == show(module)


def test_no_golden_is_left_over():
    assert sorted(path.name for path in GOLDEN.iterdir()) == NAMES


@pytest.mark.parametrize("command", [["format", "--check"], ["check"]])
def test_generated_python_is_clean(command):
    files = [str(path) for path in sorted(GOLDEN.glob("*/model.py"))]
    ruff = [sys.executable, "-m", "ruff", *command, "--isolated", *files]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_spec_gives_the_same_bytes_in_another_process():
    spec = SPECS / "digits_cnn.kspec"
    code = f"import kspec; print(kspec.compile({str(spec)!r}).source, end='')"
    outputs = set()
    for seed in ("0", "1"):
        env = {"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": str(SPECS.parent)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
        )
        outputs.add(done.stdout)
    assert outputs == {kspec.compile(spec).source}


def test_generated_python_stands_alone(tmp_path: Path):
    """The file runs where kspec cannot be imported."""
    (tmp_path / "model.py").write_text(kspec.compile(SPECS / "digits.kspec").source)
    code = (
        "import sys; sys.modules['kspec'] = None\n"
        "import jax, numpy as np, model\n"
        "state = model.init(jax.random.key(0))\n"
        "batch = {'image': np.zeros((4, 8, 8), 'uint8'), 'label': np.arange(4, dtype='int32')}\n"
        "state, sums = model.train_step(state, batch, np.ones(4, 'float32'))\n"
        "print(int(state['step']), model.predict(state, batch)['digit'].shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout == "1 (4, 10)\n", done.stderr
