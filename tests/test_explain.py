"""`kspec explain SPEC`: what each pass did, what it left, and why."""

from __future__ import annotations

import json

from tests.conftest import SPECS
from tests.test_cli import kspec


def test_explain_says_what_each_pass_did(tmp_path):
    spec = (SPECS / "siamese.kspec").as_posix()
    lines = kspec("explain", spec, cwd=tmp_path).stdout.splitlines()
    assert "batch_shared_calls" in lines
    assert any(
        "2 calls of `encode` are one" in line and "siamese.kspec:14" in line for line in lines
    )
    assert lines[-1].startswith("nothing to do: split_host")
    records = json.loads(kspec("explain", spec, "--json", cwd=tmp_path).stdout)
    assert {record["pass"] for record in records} >= {"derive_modes", "batch_shared_calls"}
    assert "explain" in kspec("explain", cwd=tmp_path, code=1).stderr  # no spec here
