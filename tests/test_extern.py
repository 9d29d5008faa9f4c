"""Functions of Python files: trained, saved, resumed; allowed or not; wrong in every way."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import kspec as package
from kspec.cli import main
from kspec.diagnostics import Source, SpecError
from kspec.ir import read, show, verify
from kspec.planning import extern_plans
from kspec.syntax import parse
from kspec.syntax.format import format_text
from kspec.syntax.symbols import Symbols

OPS = """import jax
import jax.numpy as jnp


def swish(x):
    return x * jax.nn.sigmoid(x)


def scaled(x, scale):
    return x * scale


def error(y, z):
    return jnp.mean((y - z) ** 2)
"""
NET = """extern "ops.py:swish" : f32[..., D] -> f32[..., D]
extern "ops.py:scaled" : f32[D], f32[D] -> f32[D]
extern "ops.py:error" : f32[N], f32[N] -> f32[]

data pairs {
  source = npz("pairs.npz")
  split  = { train: 80%, validation: 20% }
  x : f32[4]
  y : f32[2]
}

block Scale {
  input x : f32[D]
  weight s : f32[D] = ones
  output scaled(x, s)
}

model Net {
  input x : f32[4]
  output z = x -> dense(8, activation=swish) -> Scale -> dense(8) -> swish -> dense(2)
}

train {
  model     = Net
  data      = pairs
  loss      = error(y, z)
  metrics   = { same: error(y, z), large: mean(swish(z)) }
  optimizer = sgd(0.05)
  batch     = 16
  epochs    = 3
}
"""
# The same without Python.
PLAIN = (
    re.sub(r'extern "[^\n]*\n', "", NET)
    .replace("activation=swish", "silu")
    .replace("-> swish", "-> silu")
    .replace("scaled(x, s)", "x * s")
    .replace("error(y, z)", "mean(square(y - z))")
    .replace("swish(z)", "silu(z)")
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A spec with its Python file and its data."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70, 4)).astype(np.float32)
    np.savez(tmp_path / "pairs.npz", x=x, y=np.stack([x.sum(1), x[:, 0] * x[:, 1]], axis=1))
    (tmp_path / "ops.py").write_text(OPS, encoding="utf-8")
    (tmp_path / "net.kspec").write_text(NET, encoding="utf-8")
    return tmp_path


def kspec(*args: object, cwd: Path, code: int = 0) -> Result:
    """Run a command here, in this process; it must end with the exit code and no traceback."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(main, [str(each) for each in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code == code, done.output
    return done


def codes(error: pytest.ExceptionInfo[SpecError]) -> set[str]:
    """The codes of its mistakes, each of which has a place."""
    assert all(d.span is not None for d in error.value.diagnostics)
    return {d.code for d in error.value.diagnostics}


def test_training_is_that_of_the_same_spec_without_python(place):
    """In the model, with a weight, as an activation, in the loss and in a metric."""
    mine = package.compile(place / "net.kspec", allow_extern=True).fit(quiet=True)
    theirs = package.compile_text(PLAIN, folder=place).fit(quiet=True)
    assert len(mine.history) == 3
    for ours, other in zip(mine.history, theirs.history, strict=True):
        assert ours["train"] == pytest.approx(other["train"], rel=1e-4)
        assert ours["validation"] == pytest.approx(other["validation"], rel=1e-4)
    assert mine.history[-1]["train"]["loss"] < mine.history[0]["train"]["loss"]
    for path, weight in mine.weights.items():
        assert weight == pytest.approx(theirs.weights[path], rel=1e-3, abs=1e-5), path
    assert not np.allclose(mine.weights["scale.s"], 1)


def test_the_ir_reads_back_and_verifies(place):
    program = package.compile(place / "net.kspec", allow_extern=True)
    for stage in program.compiled.stages:
        module = read(program.ir(stage))
        assert show(module) == program.ir(stage)
        verify(module)
    assert "from extern_ops import error, scaled, swish\n" in program.source


def test_check_shows_what_a_spec_takes_and_needs_no_permission(place):
    shown = kspec("check", "net.kspec", cwd=place)
    digest = hashlib.sha256((place / "ops.py").read_bytes()).hexdigest()
    first, *_, last = shown.stderr.splitlines()
    assert first == f"note: net.kspec:1: `swish` is Python of `ops.py`, sha256 {digest}"
    assert last == "net.kspec is fine: 138 weights"
    shown = kspec("check", "net.kspec", "--format", "json", cwd=place)
    assert json.loads(shown.stdout) == [] and digest in shown.stderr
    for command in ("ir", "show", "graph"):
        assert "swish" in kspec(command, "net.kspec", cwd=place).stdout


def test_nothing_of_the_file_runs_while_compiling(place):
    trap = OPS + "open('trap', 'w').close()\n"
    (place / "ops.py").write_text(trap, encoding="utf-8")
    for command in ("check", "ir", "show", "graph"):
        kspec(command, "net.kspec", cwd=place)
    kspec("compile", "net.kspec", "--allow-extern", cwd=place)
    assert not (place / "trap").exists()


def test_without_permission_nothing_is_compiled_or_run(place):
    for command in ("compile", "run"):
        done = kspec(command, "net.kspec", cwd=place, code=1)
        assert "error[E617]" in done.stderr and "net.kspec:1:8" in done.stderr
    for make in (
        lambda: package.compile(place / "net.kspec"),
        lambda: package.compile_text(NET, folder=place),
    ):
        with pytest.raises(SpecError) as error:
            make()
        assert codes(error) == {"E617"}
    assert not (place / "build").exists() and not (place / "runs").exists()


def test_what_nothing_uses_and_what_ends_a_mask_are_warnings(place):
    text = 'extern "ops.py:swish" : f32[..., D] -> f32[..., D]\n'
    text += "model Net {\n  input x : f32[3, 4]\n  output y = x -> masking -> relu\n}\n"
    for given, code in ((text, "W101"), (text.replace("relu", "swish"), "W206")):
        program = package.compile_text(given, folder=place, allow_extern=True)
        (warning,) = program.compiled.warnings
        assert warning.code == code and "swish" in warning.title_text()


def test_lines_are_laid_out_and_names_are_known():
    line = 'extern "ops.py:f" : f32[..., D], f32[D] -> f32[..., D]  # why'
    use = "model Net {\n  input x : f32[3]\n  output y = f(x, x)\n}\n"
    wide = 'extern   "ops.py:f":f32[...,D],f32[ D ]\n->f32[...,D]  # why\n'
    assert format_text(f"{wide}{use}") == f"{line}\n{use}".replace(" -> f32[", "\n  -> f32[")
    assert format_text(f"{line}\n\n{use}") == f"{line}\n\n{use}"
    symbols = Symbols(parse(Source("<text>", f"{line}\n{use}")))
    (symbol,) = (each for each in symbols.all if each.name == "f")
    assert (symbol.kind, [span.text for span in symbol.places]) == ("extern", ["f", "f"])
    assert symbol.signature == "ops.py:f : f32[..., D], f32[D] -> f32[..., D]"


def test_diff_tells_when_the_file_changes(place):
    (place / "new").mkdir()
    (place / "new" / "net.kspec").write_text(NET, encoding="utf-8")
    (place / "new" / "ops.py").write_text(OPS + "\n", encoding="utf-8")
    shown = kspec("diff", "net.kspec", "new/net.kspec", cwd=place).stdout
    assert shown.startswith("~ extern ops.py:swish: f32[..., D] -> f32[..., D], sha256 ")


def test_specs_that_are_imported_have_functions_of_their_own(place):
    """Their paths start at them; what they declare is named there only."""
    (place / "parts").mkdir()
    (place / "parts" / "my-ops.py").write_text("def init(x):\n    return -x\n", encoding="utf-8")
    block = 'extern "my-ops.py:init" : f32[D] -> f32[D]\n'
    block += "block Minus {\n  input x : f32[D]\n  output x -> init\n}\n"
    (place / "parts" / "blocks.kspec").write_text(block, encoding="utf-8")
    text = 'import "parts/blocks.kspec"\nextern "ops.py:swish" : f32[D] -> f32[D]\n'
    text += "model Net {\n  input x : f32[3]\n  output y = x -> Minus -> swish\n}\n"
    program = package.compile_text(text, folder=place, allow_extern=True)
    assert "from extern_parts_my_ops import init as parts_my_ops_init\n" in program.source
    paths = {(e.path, e.function) for e in extern_plans(program.compiled)}
    assert paths == {("ops.py", "swish"), ("parts/my-ops.py", "init")}
    x = np.ones((1, 3), np.float32)
    (y,) = program.init().predict({"x": x})["y"]
    assert y == pytest.approx(-1 / (1 + np.e), rel=1e-5)
    with pytest.raises(SpecError, match="init"):
        package.compile_text(text.replace("-> swish", "-> init"), folder=place, allow_extern=True)


def test_gradients_of_its_own_and_decorators_are_taken(place):
    """A function may say itself what its gradient is; here it is 3 wherever it is asked."""
    text = "from __future__ import annotations\nimport dataclasses\nimport jax\n\n\n"
    text += "@dataclasses.dataclass\nclass Slope:\n    value: float = 3.0\n\n\n"
    text += "@jax.custom_vjp\ndef odd(x):\n    return x\n\n\n"
    text += "odd.defvjp(lambda x: (x, None), lambda _, g: (g * Slope().value,))\n\n\n"
    text += "@jax.jit\ndef error(y, z):\n    return y - z\n"
    (place / "ops.py").write_text(text, encoding="utf-8")
    spec = NET.replace("swish", "odd").replace(" -> f32[]", " -> f32[N]")
    spec = spec.replace("dense(8, activation=odd) -> Scale -> dense(8) -> odd -> dense(2)", "Own")
    spec = re.sub(r"block Scale .*?\n}\n", "", spec, flags=re.DOTALL).replace(", large: ", ", o: ")
    spec = re.sub(r'extern "ops.py:scaled.*\n', "", spec)
    spec += "block Own {\n  input x : f32[D]\n  weight w : f32[2] = ones\n"
    spec += "  output odd(w) + 0 * x[:2]\n}\n"
    run = package.compile_text(spec, folder=place, allow_extern=True).fit(epochs=1, quiet=True)
    steps = -(-56 // 16)
    assert run.weights["own.w"] == pytest.approx(1 + steps * 0.05 * 3 / 2, rel=1e-5)
