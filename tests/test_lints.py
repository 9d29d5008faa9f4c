"""Warnings: an odd spec, the report that a user reads out, in `lints/<code>_*.kspec`."""

from __future__ import annotations

from pathlib import Path

import pytest

import kspec
from kspec.diagnostics import lints
from kspec.diagnostics.render import render
from tests.conftest import SPECS, TESTS

FOLDER = TESTS / "lints"
FILES = sorted(FOLDER.glob("*.kspec"))
ELSEWHERE = {  # what is known only when a run starts, or goes on
    "W301": "test_oddities",
    "W401": "faults/test_checkpoints",
    "W402": "faults/test_resume",
    "W403": "faults/test_checkpoints",
    "W404": "data/test_bad_rows",
    "W405": "test_tune",
}


@pytest.mark.parametrize("spec", FILES, ids=lambda spec: spec.stem)
def test_warnings_are_as_recorded(spec: Path, golden, monkeypatch):
    monkeypatch.chdir(FOLDER)
    warnings = kspec.compile(spec.name).compiled.warnings
    golden(spec.with_suffix(".err"), "\n\n".join(render(w) for w in warnings) + "\n")
    assert {w.code for w in warnings} == {spec.stem[:4]}


def test_every_warning_has_a_case():
    codes = {getattr(lints, name).code for name in lints.__all__}
    assert codes == {spec.stem[:4] for spec in FILES} | set(ELSEWHERE)
    for code, module in ELSEWHERE.items():
        assert code in (TESTS / f"{module}.py").read_text(encoding="utf-8")
    assert {path.stem for path in FOLDER.glob("*.err")} == {spec.stem for spec in FILES}


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.kspec")), ids=lambda spec: spec.stem)
def test_our_own_specs_are_not_odd(spec: Path):
    assert not kspec.compile(spec).compiled.warnings
