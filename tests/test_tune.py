"""`kspec tune`: which way is taken and remembered, and that runs keep what they began with."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import kspec
from kspec import tuned
from kspec.cli import main
from kspec.ir import Module, read, show
from kspec.passes import measured, optimize
from kspec.planning import make_plan
from kspec.runtime import tune as tuning
from kspec.runtime.tune import Steps, is_faster, tune
from tests.test_rolled_repeats import LAYERS, module

SPEC = """
data waves {
  source = npz("waves.npz")
  x : f32[128, 2]
  y : f32[1]
}

model Net {
  input x : f32[128, 2]
  x = x -> conv1d(3, 3, padding=same) -> max_pooling1d(2)
  output out = x -> global_average_pooling1d -> dense(1)
}

train {
  model     = Net
  data      = waves
  loss      = mean_squared_error(y, out)
  optimizer = sgd(0.1)
  batch     = 8
  epochs    = 1
}
"""

CONV = "conv(f32[8,128,2], f32[3,2,3])"


def forced(slow: str) -> Callable[[Mapping[str, Module]], dict[str, list[float]]]:
    """A race in which programs whose step has an op take three times as long."""

    def race(modules: Mapping[str, Module]) -> dict[str, list[float]]:
        steps = {name: optimize(each).func("train").ops for name, each in modules.items()}
        ways = {name: slow in {op.name for op in ops} for name, ops in steps.items()}
        return {name: [0.03 if is_slow else 0.01] * 9 for name, is_slow in ways.items()}

    return race


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the spec and its data, a cache folder, and a table that is for kernels."""
    rows = [(f"{CONV} : f32[8,128,3]", "conv_by_examples")]
    rows += [("max_pool(f32[8,128,3]) : f32[8,64,3]", "max_pool_tiles")]
    monkeypatch.setattr(measured, "_rows", lambda: rows)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.kspec").write_text(SPEC, encoding="utf-8")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 128, 2)).astype(np.float32)
    np.savez(tmp_path / "waves.npz", x=x, y=x.mean(axis=(1, 2))[:, None])
    return tmp_path


def do(*args: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, args)
    assert done.exit_code == code, done.output
    return done


def remember(slow: str) -> Path:
    """Measurements in which an op makes the spec's step slow, in the cache folder."""
    found = tune(kspec.compile("net.kspec").compiled.program.module, "net.kspec", forced(slow))
    file = tuned.remember(found.choices, found.seconds, found.device)
    assert file is not None
    return file


def test_the_faster_way_of_each_place_is_taken(place):
    graph = kspec.compile("net.kspec").compiled.program.module
    xla = tune(graph, "net.kspec", forced("conv_by_examples"))
    (conv, pool) = xla.timed
    assert conv.sites[0].title == CONV
    took = {"xla": 0.01, "conv_by_examples": 0.03, "conv_native": 0.01}
    assert (conv.chosen, conv.seconds) == ("xla", took)
    assert conv.share == pytest.approx(2 / 3) and conv.places == ["net.kspec:10"]
    assert pool.chosen == "max_pool_tiles"  # as before: both ways take as long
    assert set(xla.whole) == {"by XLA", "as it was", "tuned"}
    assert "xla 10, conv_by_examples 30" in xla.as_text() and "66.7 %" in xla.as_text()
    assert xla.as_record()["ops"][0]["chosen"] == "xla"


def test_a_repeat_is_a_loop_or_not():
    graph = module(LAYERS)
    (found, *inside) = tune(graph, "net.kspec", forced("scan")).timed
    native = {option for each in inside for option in each.sites[0].options}
    assert native == {"xla", "attention_native", "layer_norm_native", "gelu_native"}
    assert (found.sites[0].default, found.chosen) == ("a loop", "round by round")
    unrolled = tuning.with_ways(graph, {found.sites[0].key: found.chosen})
    rolled, single = ({op.name for op in optimize(m).func("train").ops} for m in (graph, unrolled))
    assert "scan" in rolled and "scan" not in single
    assert show(read(show(unrolled))) == show(unrolled)


@pytest.mark.parametrize(
    ("one", "other", "faster"),
    [
        ([1.0] * 9, [1.01] * 9, False),  # too little
        ([1.0] * 9, [1.5] * 9, True),
        ([1.0] * 5 + [9.0] * 4, [1.5] * 9, False),  # not in enough turns
        ([1.4] * 9, [1.0] * 4 + [9.0] * 5, False),  # only while the machine was busy
    ],
)
def test_noise_does_not_choose(one, other, faster):
    assert is_faster(one, other) is faster


def test_programs_make_updates_in_turns(place):
    compiled = kspec.compile("net.kspec").compiled
    ticks = itertools.count()
    race = Steps("net.kspec", make_plan(compiled).phases, clock=lambda: float(next(ticks)))
    graph = tuning.with_ways(compiled.program.module, {})
    turns = race({"one": graph, "same": graph})
    assert turns["one"] is turns["same"] and set(turns["one"]) == {1.0}
    assert len(turns["one"]) == tuning.FEWEST_TURNS


def test_tune_is_used_and_explained_until_the_run_is_made(place, monkeypatch):
    monkeypatch.setattr(tuning, "Steps", lambda *_: forced("conv_by_examples"))
    do("compile")
    kernel = (place / "build" / "net" / "model.py").read_text(encoding="utf-8")
    assert "def conv_by_examples" in kernel
    said = do("tune")
    assert CONV in said.stdout and "kept in" in said.stderr
    assert json.loads(do("tune", "--json", "-q").stdout)["update"]["tuned"] == 0.01
    assert "the backward pass of conv is XLA's, as measured on this machine" in do("explain").stdout
    first = json.loads(do("run", "--quiet", "--json").stdout)["run"]
    program = (place / "build" / "net" / "model.py").read_text(encoding="utf-8")
    assert "def conv_by_examples" not in program  # it was compiled anew
    remember("conv")  # now the kernel is faster
    edited = SPEC.replace("epochs    = 1", "epochs    = 2")
    (place / "net.kspec").write_text(edited, encoding="utf-8")
    do("resume", first, "--allow-change", "--quiet")
    assert (place / first / "model.py").read_text(encoding="utf-8") == program
    assert "def conv_by_examples" in kspec.compile("net.kspec").source


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"measured": 3}', "\x00\xff", "[" * 10_000])
def test_a_damaged_file_is_passed_over_with_a_warning(place, content):
    file = remember("conv_by_examples")
    file.write_text(content, encoding="latin-1")
    done = do("compile")
    assert "warning[W405]" in done.stderr and file.name in done.stderr
    assert "def conv_by_examples" in (place / "build/net/model.py").read_text(encoding="utf-8")
    remember("conv_by_examples")
    assert not tuned.read_table().warnings


def test_files_of_other_machines_and_of_other_forms_are_passed_over(place):
    file = remember("conv_by_examples")
    good = json.loads(file.read_text(encoding="utf-8"))
    key = next(iter(good["measured"]))
    wrong = {"chosen": "warp drive", "seconds": {"xla": 0.1}}
    no_seconds = {"chosen": "xla", "seconds": {"xla": "soon"}}
    for changed in (
        {**good, "jaxlib": "0.0.1"},
        {**good, "machine": "another, 64 cores"},
        {**good, "measured": {key: wrong}},
        {**good, "measured": {key: no_seconds}},
        {name: value for name, value in good.items() if name != "device"},
    ):
        file.write_text(json.dumps(changed), encoding="utf-8")
        table = tuned.read_table()
        assert not table.choices and [each.code for each in table.warnings] == ["W405"]
    file.unlink()
    file.mkdir()
    assert [each.code for each in tuned.read_table().warnings] == ["W405"]


def test_another_jaxlib_platform_or_machine_has_a_file_of_its_own(place, monkeypatch):
    files = {tuned.table_file()}
    monkeypatch.setenv("JAX_PLATFORMS", "cpu,tpu")
    files.add(tuned.table_file())
    monkeypatch.setattr(tuned, "machine", lambda: "another")
    files.add(tuned.table_file())
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0.1")
    files.add(tuned.table_file())
    assert len(files) == 4


def test_a_spec_without_training_or_without_ways(place):
    (place / "net.kspec").write_text(SPEC.partition("train {")[0], encoding="utf-8")
    assert "E604" in do("tune", code=1).stderr
    dense = SPEC.replace("conv1d(3, 3, padding=same) -> max_pooling1d(2)", "dense(2)")
    (place / "net.kspec").write_text(dense, encoding="utf-8")
    assert "nothing in net.kspec can be made in more than one way" in do("tune").stdout


def test_the_table_that_ships_gives_the_way_of_the_nearest_op():
    rows = json.loads(measured.TABLE.read_text(encoding="utf-8"))["measured"]
    assert len(rows) > 20
    for key, row in rows.items():
        assert measured.nearest(key, tuple(row["seconds"])) == row["chosen"]
    assert measured.nearest("no_such_op(f32[8,4]) : f32[8,4]", ("xla", "other")) == "xla"
