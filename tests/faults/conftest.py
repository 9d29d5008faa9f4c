"""A run that each test may harm a copy of."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kspec.runtime.manifest import seal, unseal
from tests.faults.runs import result, train_in, write_spec


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a whole run, in a folder with its spec and data."""
    place = tmp_path_factory.mktemp("whole")
    before = Path.cwd()
    os.chdir(place)
    try:
        return train_in(place, write_spec(place))
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def whole(trained: Path) -> dict[str, str]:
    """What the whole run came to."""
    return result(trained)


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run folder, beside which are its spec and data."""
    shutil.copytree(trained.parents[2], tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    copy = tmp_path / "place" / trained.relative_to(trained.parents[2])
    about = (copy / "run.json").read_text(encoding="utf-8")
    about = about.replace(str(trained.parents[2]), str(tmp_path / "place"))
    (copy / "run.json").write_text(about, encoding="utf-8")
    lock = unseal((copy / "kspec.lock").read_bytes(), 1)
    lock["spec"]["path"] = str(tmp_path / "place" / "net.kspec")
    (copy / "kspec.lock").write_text(seal(lock), encoding="utf-8")
    return copy
