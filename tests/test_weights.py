"""Weights by path: which ones a selector means, and those that are loaded from files."""

from __future__ import annotations

import re

import numpy as np
import pytest
from safetensors.numpy import save_file

import kspec
from kspec.diagnostics import SpecError
from kspec.ir import matches
from kspec.runtime.folder import save_run
from tests.test_phases import fit, same, spec, weights


def test_weights_are_loaded_into_a_part(tmp_path):
    trained = fit("  epochs = 1")
    save_run(trained, tmp_path / "run")
    (tmp_path / "base.safetensors").write_bytes((tmp_path / "run/weights.safetensors").read_bytes())
    text = spec('  load base from "base.safetensors"')
    run = kspec.compile_text(text, folder=tmp_path).init()
    loaded = same(weights(trained), weights(run))
    assert loaded >= {path for path in run.weights if path.startswith("base.")}
    assert "dense.kernel" not in loaded
    whole = kspec.compile_text(spec('  load ** from "base.safetensors"'), folder=tmp_path).init()
    assert same(weights(trained), weights(whole)) == set(whole.weights)


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("nowhere.safetensors", "E501", "there is no file"),
        ("weights.npz", "E502", "read from `.safetensors`, `.h5`"),
        ("weights.h5", "E502", "no whole HDF5 file"),
        ("weights.keras", "E502", "no whole .keras archive"),
        ("broken.safetensors", "E502", "cannot be read"),
        ("other.safetensors", "E611", r"`a.kernel` is \[6, 7\] there and \[6, 5\] here"),
        ("empty.safetensors", "E611", "it has no `a.kernel`"),
        ("../out.safetensors", "E503", "not below the folder"),
    ],
)
def test_a_file_that_does_not_fit_is_reported_at_its_place(tmp_path, name, code, reason):
    for ending in ("npz", "h5", "keras"):
        (tmp_path / f"weights.{ending}").touch()
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 100)
    save_file({"a.kernel": np.zeros((6, 7), np.float32)}, tmp_path / "other.safetensors")
    save_file({"c": np.zeros(1, np.float32)}, tmp_path / "empty.safetensors")
    (tmp_path / "net.kspec").write_text(spec(f'  load base from "{name}"'), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        kspec.compile(tmp_path / "net.kspec").init()
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert re.search(reason, caught.value.render())
    assert found.span is not None and found.span.text == f'"{name}"'


@pytest.mark.parametrize(
    ("selector", "path", "expected"),
    [
        ("base", "base.a.kernel", True),
        ("base", "base_1.kernel", False),
        ("**", "a.b", True),
        ("**.bias", "a.b.bias", True),
        ("**.bias", "bias", True),
        ("**.bias", "a.kernel", False),
        ("base.*.bias", "base.x.bias", True),
        ("base.*.bias", "base.x.y.bias", False),
        ("base.**.bias", "base.x.y.bias", True),
        ("base.*", "base", False),
        ("a.b.kernel", "a.b.kernel", True),
        ("a.b.kernel.c", "a.b.kernel", False),
        ("**.b", "a.b.kernel", True),
        (".".join(["**"] * 200) + ".x", ".".join(["a"] * 200), False),
    ],
)
def test_selectors(selector, path, expected):
    assert matches(tuple(selector.split(".")), tuple(path.split("."))) is expected
