"""`.keras` files that are no archives of weights, that claim much, or that are locked."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py

from tests.attacks.test_weight_files import KERNEL, load, weights


def archive(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "."), content)


def test_archives_that_are_none_are_refused(tmp_path):
    with h5py.File(tmp_path / "good.h5", "w") as file:
        weights(file)["0"] = KERNEL
    good = (tmp_path / "good.h5").read_bytes()
    path = tmp_path / "a.keras"
    archive(path, config__json=b"{}")
    assert "it has no `model.weights.h5`" in load(tmp_path, "a.keras")
    archive(path, model__weights__h5=good)
    assert "it has no `config.json`" in load(tmp_path, "a.keras")
    for config in (b"{", b"\xff", b"[" * 100_000, b"9" * 5_000):
        archive(path, model__weights__h5=good, config__json=config)
        assert "error[E502]" in load(tmp_path, "a.keras")
    odd: list[Any] = [[], 1, None, {"config": 1}, {"config": {"layers": [1, {"class_name": []}]}}]
    for config in odd:  # the file is read as a `.weights.h5` is
        archive(path, model__weights__h5=good, config__json=json.dumps(config).encode())
        assert load(tmp_path, "a.keras") == ""
    archive(path, model__weights__h5=good, config__json=b"{}", **{"../../evil": b"x"})
    assert load(tmp_path, "a.keras") == ""
    assert not (tmp_path.parent / "evil").exists()


def test_archives_that_claim_much_or_are_locked_are_refused(tmp_path):
    path = tmp_path / "a.keras"
    archive(path, model__weights__h5=b"\0" * 64, config__json=b"{}")
    whole = path.read_bytes()
    bomb = bytearray(whole)
    at = bomb.index(b"PK\x01\x02") + 24
    bomb[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(bomb)
    assert "claims 4,294,967,280 bytes" in load(tmp_path, "a.keras")
    locked = bytearray(whole)
    locked[6] |= 1
    for at in [i for i in range(len(whole)) if whole.startswith(b"PK\x01\x02", i)]:
        locked[at + 8] |= 1
    path.write_bytes(locked)
    assert "encrypted" in load(tmp_path, "a.keras")
