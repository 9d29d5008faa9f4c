"""Mistakes: a spec with one in, the report that a user reads out, in `errors/<code>_*.kspec`.

Mistakes that no spec can show, in files, folders and commands, are listed in `ELSEWHERE`
with the module that shows them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kspec
from kspec.data.dataset import load
from kspec.diagnostics import Diagnostic, SpecError, errors
from tests.conftest import TESTS

FOLDER = TESTS / "errors"
SPECS = sorted(FOLDER.glob("*.kspec"))
ELSEWHERE = {
    "E004": "test_parser",
    "E106": "test_api",
    "E108": "test_several_trainings",
    "E515": "data/test_image_folder",
    "E518": "test_hosted",
    "E601": "test_folders",
    "E602": "test_folders",
    "E603": "test_cli",
    "E604": "test_cli",
    "E605": "test_cli",
    "E606": "test_predict",
    "E607": "test_folders",
    "E608": "test_training",
    "E609": "test_inspection",
    "E610": "test_tools",
    "E611": "test_weights",
    "E616": "test_hosted",
    "E618": "test_extern_folders",
    "E619": "test_extern_reports",
    "E641": "test_terminate_on_nan",
    "E640": "test_devices",
    "E650": "faults/test_signals",
    "E651": "faults/test_resume",
    "E652": "faults/test_resume",
}


def classes() -> dict[str, type[Diagnostic]]:
    """Every class of mistake by its code."""
    found = [getattr(errors, name) for name in errors.__all__]
    return {cls.code: cls for cls in found}


def report(spec: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a user reads who checks the spec, or trains it."""
    monkeypatch.chdir(FOLDER)
    with pytest.raises(SpecError) as caught:
        program = kspec.compile(spec.name)
        data = program.compiled.program.data
        assert data is not None
        load(data.declaration, FOLDER, data.places)
    return caught.value.render() + "\n"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_report_is_as_recorded(spec: Path, golden, monkeypatch):
    text = report(spec, monkeypatch)
    golden(spec.with_suffix(".err"), text)
    assert text.startswith(f"error[{spec.stem[:4]}]")
    assert f"{spec.name}:" in text, "it names no place"


def test_every_mistake_has_a_case():
    shown = {spec.stem[:4] for spec in SPECS}
    assert shown | set(ELSEWHERE) == set(classes())
    assert not shown & set(ELSEWHERE)


@pytest.mark.parametrize(("code", "module"), ELSEWHERE.items())
def test_what_is_shown_elsewhere_is(code, module):
    name = classes()[code].__name__
    assert re.search(rf"\b({code}|{name})\b", (TESTS / f"{module}.py").read_text(encoding="utf-8"))


def test_no_report_is_left_over():
    assert {path.stem for path in FOLDER.glob("*.err")} == {spec.stem for spec in SPECS}


def test_codes_are_distinct_and_every_class_explains_itself():
    assert len(classes()) == len(errors.__all__)
    for code, cls in classes().items():
        assert re.fullmatch(r"E\d\d\d", code)
        assert cls.title
        assert cls.__doc__ and cls.__doc__.strip().endswith((".", "`")), code
