"""Event files: read here by the format alone, so that nothing of the writer reads itself."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kspec
from kspec.callbacks.tensorboard import TensorBoard
from kspec.diagnostics.errors import PackageMissing
from kspec.runtime.folder import write_bundle
from tests.cuts import in_folder, in_parts
from tests.test_phases import DATA, spec

BODY = """\
  tensorboard { log_dir = "board" }
  checkpoint { every = 1steps }
  epochs = 4
  reduce_lr { monitor = loss, patience = 1, min_delta = 9.0 }
"""


def crc(data: bytes) -> int:
    """The masked CRC-32C of a TFRecord."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(file: Path) -> Iterator[bytes]:
    data = file.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12]) == (crc(data[:8]),)
        body = data[12 : 12 + length]
        assert struct.unpack("<I", data[12 + length : 16 + length]) == (crc(body),)
        yield body
        data = data[16 + length :]


def varint(data: bytes) -> tuple[int, bytes]:
    value = shift = 0
    for at, byte in enumerate(data):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, data[at + 1 :]
    raise AssertionError


def fields(data: bytes) -> dict[int, Any]:
    """A message of protocol buffers: the last value of each field."""
    found: dict[int, Any] = {}
    while data:
        key, data = varint(data)
        if key & 7 == 0:
            found[key >> 3], data = varint(data)
        else:
            size, rest = varint(data) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], data)
            found[key >> 3], data = rest[:size], rest[size:]
    return found


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """The numbers by tag and step, as TensorBoard takes them: a start voids what was there."""
    found: dict[str, dict[int, float]] = {}
    for file in sorted(folder.iterdir(), key=lambda each: int(each.suffix[1:])):
        for event in map(fields, records(file)):
            step = event.get(2, 0)
            if 7 in event and fields(event[7]).get(1) == 1:  # a session starts
                found = {t: {s: v for s, v in o.items() if s < step} for t, o in found.items()}
            if 5 in event:
                value = fields(fields(event[5])[1])
                (number,) = struct.unpack("<f", value[2])
                assert step not in found.setdefault(value[1].decode(), {})
                found[value[1].decode()][step] = number
    return found


@pytest.mark.parametrize("cuts", [(), (1,), (3, 2)], ids=str)
def test_each_epoch_is_there_once(tmp_path, cuts):
    program = kspec.compile_text(spec(BODY), folder=tmp_path)
    folder = tmp_path / "run"
    run = in_parts(program, folder, cuts, DATA)
    train = scalars(folder / "board" / "train")
    assert set(train) == {"epoch_loss", "epoch_learning_rate"}
    for name, numbers in (train | scalars(folder / "board" / "validation")).items():
        assert list(numbers) == [1, 2, 3, 4], name
    losses = [record["train"]["loss"] for record in run.history]
    assert list(train["epoch_loss"].values()) == pytest.approx(losses)


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    program = kspec.compile_text(spec(BODY), folder=tmp_path)
    write_bundle(program.bundle(), tmp_path / "run")
    with pytest.raises(kspec.SpecError) as caught:
        in_folder(program.init(), tmp_path / "run", None, DATA)
    (missing,) = caught.value.diagnostics
    assert isinstance(missing, PackageMissing)


@pytest.mark.parametrize("name", ["../logs", "/logs", "a/b", "", ".", "checkpoints", "imports"])
def test_no_name_leads_out_of_the_run_folder(name):
    assert TensorBoard(log_dir=name).check() is not None
    assert TensorBoard(log_dir="my-logs_2").check() is None
