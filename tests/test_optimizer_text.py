"""What optimizers are in the generated file: `optimizers/<what>.case`."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.ir import read, show
from kspec.registry import names
from tests.cases import Case, read_cases, write_case
from tests.conftest import TESTS

FILES = sorted((TESTS / "optimizers").glob("*.case"))
CASES = [case for file in FILES for case in read_cases(file)]
SPEC = """\
data points {{
  source = arrays()
  x : f32[6]
  y : f32[2]
}}

model Net {{
  input x : f32[6]
  share base = dense(5, tanh) -> batch_normalization -> dense(5, tanh)
  output z = x -> base -> dense(2)
}}

train {{
  model = Net
  data  = points
  loss  = mean_squared_error(y, z)
{body}
}}
"""


def program(body: str) -> kspec.Program:
    return kspec.compile_text(SPEC.format(body=body))


def written(source: str) -> str:
    """The optimizers of a file and what comes of their options, without the rest."""
    lines = source.splitlines()
    found: list[str] = []
    for node in ast.parse(source).body:
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if text.startswith(("optimizer", "def finalize")):
            found.append(text)
    found += [line for line in lines if "value_and_grad(scale_loss" in line]
    return "\n".join(found) + "\n"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text_is_as_the_case_shows(case: Case, updating: bool):
    output = written(program(case.given).source)
    if updating:
        write_case(case, output)
        return
    assert output == case.expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_spec_reads_back(case: Case):
    compiled = program(case.given).compiled
    assert show(read(show(compiled.module))) == show(compiled.module)
    assert compiled.python == program(case.given).source


def test_files_need_no_formatter(tmp_path):
    for number, case in enumerate(CASES):
        source = program(case.given).source
        (tmp_path / f"case_{number}.py").write_text(source, encoding="utf-8")
    for command in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", names("optimizer"))
def test_every_option_that_is_off_leaves_no_trace(name):
    """Given as it is by default, an option changes neither the IR nor the file."""
    plain = program(f"  optimizer = {name}")
    given = program(
        f"  optimizer = {name}(clipnorm=none, clipvalue=none, global_clipnorm=none, use_ema=false, "
        "ema_momentum=0.99, ema_overwrite_frequency=none, loss_scale_factor=none, "
        "exclude_from_weight_decay=none)"
    )
    assert given.ir("after:elaborate") == plain.ir("after:elaborate")
    assert given.source == plain.source


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("adam(clipnorm=1, clipvalue=1)", "only one of clipnorm, clipvalue, global_clipnorm"),
        ("sgd(clipnorm=0)", "clipnorm must be above 0, not 0.0"),
        ("sgd(global_clipnorm=-1)", "global_clipnorm must be above 0, not -1.0"),
        ("lion(weight_decay=-1)", "weight_decay must be at least 0"),
        ("muon(adam_weight_decay=-1)", "adam_weight_decay must be at least 0"),
        ('sgd(exclude_from_weight_decay=["**.bias"])', "needs weight_decay"),
        ("sgd(use_ema=true, ema_momentum=1.5)", "ema_momentum must be in [0, 1], not 1.5"),
        ("sgd(ema_momentum=0.5)", "need use_ema=true"),
        ("sgd(ema_overwrite_frequency=3)", "need use_ema=true"),
        ("sgd(use_ema=true, ema_overwrite_frequency=0)", "must be at least 1, not 0"),
        ("sgd(loss_scale_factor=0)", "loss_scale_factor must be above 0, not 0.0"),
        ("adamw(weight_decay=none)", "weight_decay of adamw"),
        ("adamax(beta_1=1)", "beta_1 must be in [0, 1), not 1.0"),
        ("nadam(beta_2=-1)", "beta_2 must be in [0, 1), not -1.0"),
        ("lamb(beta_2=2)", "beta_2 must be in [0, 1), not 2.0"),
        ("lion(beta_1=0)", "beta_1 must be in (0, 1], not 0.0"),
        ("schedule_free_adamw(beta_1=0)", "beta_1 must be in (0, 1], not 0.0"),
        ("schedule_free_adamw(warmup_steps=-1)", "warmup_steps must be at least 0, not -1"),
        ("adagrad(initial_accumulator_value=-1)", "must be at least 0, not -1.0"),
        ("adadelta(rho=1)", "rho must be in [0, 1), not 1.0"),
        ("adafactor(beta_2_decay=0)", "beta_2_decay must be below 0, not 0.0"),
        ("adafactor(clip_threshold=0)", "clip_threshold must be above 0, not 0.0"),
        ("ftrl(0)", "learning_rate must be above 0, not 0.0"),
        ("ftrl(learning_rate_power=1)", "learning_rate_power must be at most 0, not 1.0"),
        ("ftrl(l1_regularization_strength=-1)", "must be at least 0, not -1.0"),
        ("muon(ns_steps=0)", "ns_steps must be at least 1, not 0"),
        ("muon(momentum=1)", "momentum must be in [0, 1), not 1.0"),
        (
            'sgd\n  phase a { optimizer = adamw(exclude_from_weight_decay=[""]) }',
            "no weight is at ``",
        ),
        ("sgd(loss_scale_factor=2)\n  optimizer base = sgd", "must be the same for all parts"),
    ],
)
def test_bad_values_are_refused(optimizer, message):
    with pytest.raises(SpecError) as caught:
        program(f"  optimizer = {optimizer}")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        '  optimizer = muon(exclude_layers=["base"])',
        "  optimizer = sgd(0.1, weight_decay=0.1)\n  optimizer base = muon\n  freeze **.bias",
        "  optimizer = sgd(0.1)\n  optimizer **.kernel = adafactor(weight_decay=0.1)",
        '  optimizer = adamw(exclude_from_weight_decay=["dense"])\n'
        '  optimizer base = lamb(weight_decay=0.1, exclude_from_weight_decay=["**.gamma"])',
        "  optimizer = schedule_free_adamw(weight_decay=0.1)\n  optimizer **.bias = ftrl(0.1)",
    ],
)
def test_parts_may_be_parted_further(body):
    """Labels and masks within labels: a step runs, and what learns moves."""
    run = program(body).init()
    before = {path: np.array(value) for path, value in run.weights.items()}
    draws = np.random.default_rng(0)
    batch = {name: draws.normal(size=(4, n)).astype("float32") for name, n in (("x", 6), ("y", 2))}
    run.state, _ = run.executable.train_step(run.state, batch, np.ones(4, np.float32))
    assert {path for path in before if np.array_equal(before[path], run.weights[path])} == {
        path for path in before if "freeze" in body and path.endswith(".bias")
    }
