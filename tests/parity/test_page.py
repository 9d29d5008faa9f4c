"""docs/parity.md says what is there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from kspec.elaborate.foreign import INSTEAD, OF_ONE
from tests.parity.figures import RECORD, counts, gather, merged, stored
from tests.parity.harness import Figure, close
from tests.parity.page import LEFT_OUT, PAGE, arguments_left_out, count, page


def test_the_page_of_parity_is_up_to_date(golden):
    golden(PAGE, page())


def test_reasons_are_for_names_that_keras_has():
    text = page()
    for name in LEFT_OUT:
        assert f"| {name} |" in text, name


def test_nearly_all_names_work_and_every_other_has_its_reason():
    works, rows = count()
    assert rows > 280
    assert works / rows > 0.98


def test_every_argument_of_keras_works_or_has_its_reason():
    reasons = {name: reason for name, (_, reason) in arguments_left_out().items()}
    assert "not yet" not in reasons.values(), reasons
    named = {f"{argument} of {name}" for name, argument in OF_ONE if name != "layer"}
    assert set(INSTEAD) - {"dtype"} | named == set(reasons)


@pytest.mark.parametrize("kind", counts())
def test_figures_are_those_of_all_cases(kind: str):
    """After a new case: `python -m tests.parity.figures KIND`."""
    families = stored()[kind]["families"]
    assert {family: row["cases"] for family, row in families.items()} == counts()[kind]
    parts = ("values", "gradients")
    errors = [row[part] for row in families.values() for part in parts if part in row]
    assert all(0 <= error < 1e-4 for error in errors)
    if kind in ("activation", "layer", "loss", "op"):
        assert any("gradients" in row for row in families.values())


def test_comparisons_are_recorded_where_a_file_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(RECORD, raising=False)
    values, slopes = Figure("op", "sums"), Figure("op", "sums", "gradients")
    close([1.0], [1.0], figure=values)
    monkeypatch.setenv(RECORD, str(tmp_path / "errors.jsonl"))
    close([2.0, 1e-9, np.nan], [2.0, 0.0, np.nan], figure=values)
    close([0.0, 3.0], [0.0, 4.0], rtol=0.5, figure=slopes)
    close([1e-7], [-1e-7], figure=slopes)  # both are 0, but for rounding
    close([7.0], [7.0])
    with pytest.raises(AssertionError):
        close([1.0], [2.0], figure=values)
    lines = (tmp_path / "errors.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)[:3] for line in lines] == [list(values[:3]), *[list(slopes[:3])] * 2]
    expected = {"cases": 1, "values": 5e-10, "gradients": 0.25}
    assert gather(lines) == {"op": {"sums": expected}}


def test_figures_of_a_module_take_the_places_of_older_ones_of_the_same_day():
    def kind(date: str, **families: float) -> dict[str, Any]:
        values = {name: {"cases": 1, "values": value} for name, value in families.items()}
        return {"layer": {"date": date, "versions": {"jax": "1"}, "families": values}}

    old, new = kind("today", core=1.0, recurrent=2.0), kind("today", recurrent=3.0)
    found = merged(old, new, ["layer/recurrent"])
    assert found == kind("today", core=1.0, recurrent=3.0)
    assert merged(old, new, ["layer"]) == new
    with pytest.raises(SystemExit, match="measure all"):
        merged(kind("yesterday", core=1.0), new, ["layer/recurrent"])
