"""Paths: a spec reads below its own folder, whatever it says."""

from __future__ import annotations

import os

import pytest

from kspec.data.paths import resolve
from tests.data.harness import refused, shown


@pytest.fixture
def folder(tmp_path):
    """A folder with a file inside, and a secret outside."""
    (tmp_path / "secret.npz").write_text("secret")
    inside = tmp_path / "spec"
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "a.npz").write_text("a")
    (inside / "in.npz").symlink_to(inside / "data" / "a.npz")
    (inside / "out.npz").symlink_to(tmp_path / "secret.npz")
    (inside / "up").symlink_to(tmp_path)
    (inside / "dangling.npz").symlink_to(inside / "nothing.npz")
    os.mkfifo(inside / "pipe.npz")
    return inside


@pytest.mark.parametrize("path", ["data/a.npz", "./data/a.npz", "in.npz"])
def test_files_below_the_folder_are_found(folder, path):
    assert resolve(folder, path).read_text() == "a"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.npz",
        "/etc/passwd",
        "data/../../secret.npz",
        "data/../data/a.npz",
        "out.npz",
        "up/secret.npz",
        "~/x.npz",
    ],
)
def test_files_outside_are_refused(folder, path):
    mistake = refused(resolve, folder, path)
    assert mistake.code in ("E503", "E501")
    assert "secret" not in shown(mistake).replace(path, "")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.npz",
        "dangling.npz",
        "data",
        "pipe.npz",
        "",
        "a\0b",
        "x" * 5000,
        r"C:\x",
        "file:///etc",
    ],
)
def test_what_is_no_file_is_refused(folder, path):
    assert refused(resolve, folder, path).code in ("E501", "E502", "E503")
