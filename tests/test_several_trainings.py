"""Several train blocks: each is checked, one is compiled."""

from __future__ import annotations

import numpy as np
import pytest

import kspec
from kspec.diagnostics import SpecError
from tests.test_cli import kspec as command

SPEC = """\
param width : int = 16

data digits {
  source = digits()
  split  = { train: 80%, validation: 20% }
  image : u8[8, 8]
  label : class[10]
}

model Net {
  input image : u8[8, 8]
  output digit = image -> rescaling(1/16) -> flatten -> dense(width, relu) -> dense(10, softmax)
}

model Auto {
  input image : u8[8, 8]
  x = image -> rescaling(1/16) -> flatten
  output again = x -> dense(width, relu) -> dense(64)
  output scaled = x
}

train classify {
  model     = Net
  data      = digits
  loss      = sparse_categorical_crossentropy(label, digit)
  optimizer = adam
}

train rebuild {
  model     = Auto
  data      = digits
  loss      = mean_squared_error(scaled, again)
  optimizer = sgd(0.1)
  epochs    = 2
}
"""


def test_each_block_gives_its_program():
    programs = {name: kspec.compile_text(SPEC, train=name) for name in ("classify", "rebuild")}
    assert programs["classify"].compiled.module.name == "Net"
    assert programs["rebuild"].compiled.module.name == "Auto"
    assert programs["rebuild"].compiled.program.trains == ("classify", "rebuild")
    first = SPEC[SPEC.index("train classify") : SPEC.index("train rebuild")]
    alone = SPEC.replace(first, "\n" * first.count("\n"))  # places are in the program
    assert programs["rebuild"].source == kspec.compile_text(alone).source
    run = programs["rebuild"].fit(quiet=True)
    assert len(run.history) == 2
    assert np.isfinite(run.history[-1]["train"]["loss"])


def test_what_one_block_alone_uses_is_used():
    assert kspec.compile_text(SPEC, train="classify").compiled.warnings == ()
    odd = SPEC.replace("  x = image", "  unused = image -> flatten\n  x = image")
    (warning,) = kspec.compile_text(odd, train="rebuild").compiled.warnings
    assert warning.code == "W101"


def test_mistakes_of_all_blocks_are_found_once():
    wrong = SPEC.replace("optimizer = adam", "optimizer = adm").replace("sgd(0.1)", "sgdd(0.1)")
    wrong = wrong.replace("u8[8, 8]\n  label", "u9[8, 8]\n  label")
    with pytest.raises(SpecError) as caught:
        kspec.compile_text(wrong, train="classify")
    names = sorted(d.span.text for d in caught.value.diagnostics if d.span)
    assert names == ["adm", "sgdd", "u9"]


def test_settings_from_outside_are_for_every_block():
    program = kspec.compile_text(SPEC, set={"train.batch": 7, "width": 8}, train="rebuild")
    assert program.compiled.module.train is not None
    assert program.compiled.module.train.batch == 7


def test_the_command_line_asks_which_one(tmp_path):
    (tmp_path / "net.kspec").write_text(SPEC, encoding="utf-8")
    assert "net.kspec is fine" in command("check", "net.kspec", cwd=tmp_path).stderr
    done = command("run", "net.kspec", cwd=tmp_path, code=1)
    assert done.stderr.startswith(
        "error[E108]: which training is meant? there are `classify`, `rebuild`\n"
    )
    assert "`--train classify`" in done.stderr
    done = command("ir", "net.kspec", "--train", "rebuld", cwd=tmp_path, code=1)
    assert "there is a similar name: `rebuild`" in done.stderr
    command("compile", "net.kspec", "--train", "rebuild", cwd=tmp_path)
    assert (tmp_path / "build/net-rebuild/model.py").is_file()
    command("run", "net.kspec", "--train", "rebuild", "-q", cwd=tmp_path)
