"""Programs are kept by the text and the types that they are for: later nothing is traced."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import kspec
from kspec.runtime import compat, ready
from kspec.runtime.beginning import first_state
from kspec.runtime.executable import load_python
from kspec.runtime.ready import Keeper
from tests.conftest import SPECS

SPEC = """
data d {
  source = arrays()
  x : f32[4]
  y : f32[1]
}
model Net {
  input x : f32[4]
  output z = x -> dense(8, tanh) -> dropout(0.5) -> dense(1)
}
train {
  model = Net
  data = d
  loss = mean_squared_error(y, z)
  optimizer = OPTIMIZER
  batch = 2
}
"""
BATCH = {"x": np.ones((2, 4), np.float32), "y": np.ones((2, 1), np.float32)}
MASK = np.ones(2, np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which programs are kept."""
    monkeypatch.setattr(ready, "folder_in_use", lambda: tmp_path)
    return tmp_path


def keeper(optimizer="sgd(0.1)", imports=False):
    """Of the spec's file, as another process would load it."""
    text = kspec.compile_text(SPEC.replace("OPTIMIZER", optimizer)).source
    return Keeper(load_python(text, "net.py"), text, imports)


def trained(kept):
    """The state after two updates from the first one, and where it has its weights."""
    state, places = first_state(kept, 3, (2, 2))
    functions = kept.functions()
    for _ in range(2):
        state, _ = functions.train_step(state, BATCH, MASK)
    return state, places


def forbid(monkeypatch):
    def traces(*args):
        raise AssertionError("this was compiled before")

    monkeypatch.setattr(compat, "compiled_anew", traces)


# The second one has a state that is a class of the generated file.
@pytest.mark.parametrize("optimizer", ["sgd(0.1, momentum=0.9)", "nadam(0.1)"])
def test_what_was_compiled_is_found_and_gives_the_same_bits(optimizer, folder, monkeypatch):
    first, places = trained(keeper(optimizer))
    assert len(list(folder.glob("*.ready"))) == 2
    forbid(monkeypatch)
    again, found = trained(keeper(optimizer))
    assert compat.same_bits(first, again)
    assert jax.tree.structure(first) == jax.tree.structure(again) or optimizer.startswith("nadam")
    assert list(found.items()) == list(places.items())


def test_programs_are_those_of_the_jitted_functions(folder):
    kept, _ = trained(keeper())
    plain, _ = trained(keeper(imports=True))
    assert compat.same_bits(kept, plain)


def test_nothing_is_kept_where_the_text_does_not_say_everything(folder):
    trained(keeper(imports=True))
    assert not list(folder.iterdir())


def test_nothing_is_kept_where_devices_share_steps(folder, monkeypatch):
    monkeypatch.setattr(compat, "devices", lambda: jax.devices() * 2)
    trained(keeper())
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"damaged", None])
def test_a_damaged_file_is_made_anew(damage, folder):
    first, _ = trained(keeper())
    for path in folder.iterdir():
        whole = path.read_bytes()
        path.write_bytes(whole[:-100] if damage is None else damage)
    again, _ = trained(keeper())
    assert compat.same_bits(first, again)
    trained(keeper())
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())


def test_other_arguments_texts_and_settings_have_programs_of_their_own(folder, monkeypatch):
    kept = keeper()
    state, _ = first_state(kept, 3, (2, 2))
    functions = kept.functions()
    state, _ = functions.train_step(state, BATCH, MASK)
    larger = {name: np.concatenate([each, each]) for name, each in BATCH.items()}
    functions.train_step(state, larger, np.ones(4, np.float32))
    assert len(list(folder.iterdir())) == 3
    trained(keeper("sgd(0.2)"))
    assert len(list(folder.iterdir())) == 5
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    trained(keeper("sgd(0.2)"))
    assert len(list(folder.iterdir())) == 7


@pytest.mark.parametrize(("draws", "programs"), [((8, 2), 1), ((9, 2), 0)])
def test_where_many_draws_are_alike_they_share_small_programs(draws, programs, folder):
    first_state(keeper(), 3, draws)
    assert len(list(folder.iterdir())) == programs


def test_a_function_with_kept_programs_can_be_traced(folder):
    kept = keeper()
    state, _ = first_state(kept, 3, (2, 2))
    shapes = compat.traced(kept.functions().train_step, state, BATCH, MASK)
    assert shapes[0]["params"]["dense"]["kernel"].shape == (4, 8)


def test_a_folder_that_takes_nothing_does_no_harm(folder, monkeypatch):
    monkeypatch.setattr(ready, "folder_in_use", lambda: folder / "file" / "programs")
    (folder / "file").write_text("")
    trained(keeper())


def test_the_order_of_weights_is_that_of_the_spec():
    program = kspec.compile(SPECS / "digits.kspec").init()
    assert next(iter(program.weights)) == "dense.kernel"
