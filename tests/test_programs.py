"""Compiled programs are kept for the next run, and a damaged one does no harm."""

from __future__ import annotations

import os
import time
from pathlib import Path

import jax
import pytest

from kspec.runtime import compat, programs
from tests.conftest import SPECS
from tests.test_cli import kspec


def weights(place: Path) -> bytes:
    """Those of the newest run."""
    (run,) = (place / "runs" / "digits").iterdir()
    content = (run / "weights.safetensors").read_bytes()
    (place / "runs").rename(place / f"runs-{time.time_ns()}")
    return content


def factored() -> str:
    """A spec whose first weights take a function of LAPACK, which JAX finds where it lowers."""
    text = (SPECS / "digits.kspec").read_text()
    changed = text.replace("relu)", "relu, kernel_initializer=orthogonal)")
    assert changed != text
    return changed


@pytest.mark.parametrize("text", [(SPECS / "digits.kspec").read_text(), factored()])
def test_a_second_run_finds_the_programs_of_the_first(text, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = (tmp_path / "digits.kspec").as_posix()
    Path(spec).write_text(text)
    kspec("run", spec, "--quiet", cwd=tmp_path)
    first = weights(tmp_path)
    folder = tmp_path / "cache" / "kspec" / "programs"
    made = {path.name for path in folder.iterdir()}
    assert any(name.endswith(".ready") for name in made)
    kspec("run", spec, "--quiet", cwd=tmp_path)
    assert weights(tmp_path) == first
    after = {path.name for path in folder.iterdir()}
    assert {name for name in after if name.endswith(("-cache", ".ready"))} <= made
    for path in folder.iterdir():
        path.write_bytes(b"damaged")
    assert kspec("run", spec, "--quiet", cwd=tmp_path).stderr == ""
    assert weights(tmp_path) == first


def test_what_was_made_first_goes_where_there_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setattr(programs, "LARGEST", 25)
    monkeypatch.setattr(programs.compat, "keep_programs", lambda folder: None)
    folder = tmp_path / "kspec" / "programs"
    folder.mkdir(parents=True)
    for age, name in enumerate("abcd"):
        (folder / name).write_bytes(bytes(10))
        os.utime(folder / name, (age, age))
    programs.remember_programs()
    assert sorted(path.name for path in folder.iterdir()) == ["c", "d"]


def test_a_cache_of_the_users_own_is_left_to_them(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "elsewhere")
    programs.remember_programs()
    assert not list(tmp_path.iterdir())


def test_nothing_is_kept_where_a_user_has_turned_that_off():
    config = jax.config
    before = config.jax_compilation_cache_dir
    config.update("jax_compilation_cache_dir", "somewhere/programs")
    try:
        assert programs.folder_in_use() == Path("somewhere/programs")
        config.update("jax_enable_compilation_cache", False)
        assert programs.folder_in_use() is None
        compat.compiled_anew(jax.jit(lambda x: x + 1).lower(1.0))
        assert config.jax_enable_compilation_cache is False
    finally:
        config.update("jax_enable_compilation_cache", True)
        config.update("jax_compilation_cache_dir", before)
