"""`audio_folder`: every kind of WAV file, packed sounds, and what is refused."""

from __future__ import annotations

import io
import os
import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kspec.data.wav import read_wave
from kspec.diagnostics.errors import PackageMissing
from kspec.ir import Call
from kspec.registry import make
from tests.data.harness import dataset, refused, shown

RATE = 8000


def tone(frames: int = 50, channels: int = 1, pitch: float = 0.3) -> np.ndarray:
    """A wave, f64[frames, channels]."""
    times = np.arange(frames)[:, None] * (1 + np.arange(channels))
    return np.sin(times * pitch)


def pcm(array: np.ndarray, width: int, rate: int = RATE) -> bytes:
    """A WAV file by the standard library, of numbers of that many bytes."""
    largest = 2 ** (8 * width - 1) - 1
    whole = np.round(array * largest).astype(np.int64)
    if width == 1:
        whole = whole + 128
    numbers = b"".join(
        int(number).to_bytes(width, "little", signed=width > 1) for number in whole.ravel()
    )
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(array.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(numbers)
    return stream.getvalue()


def written(file: Path, array: np.ndarray, rate: int = RATE, **options: str) -> None:
    """A sound by soundfile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, array, rate, **options)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A spec's folder with sounds of two classes."""
    written(tmp_path / "sounds" / "yes" / "b.wav", tone(50))
    written(tmp_path / "sounds" / "yes" / "a.flac", tone(30, pitch=0.1))
    written(tmp_path / "sounds" / "no" / "deep" / "c.ogg", tone(40, pitch=0.2))
    written(tmp_path / "sounds" / "no" / "D.WAV", tone(20, pitch=0.7))
    (tmp_path / "sounds" / "no" / "notes.txt").touch()
    (tmp_path / "sounds" / "no" / "._D.wav").write_bytes(b"of another system")
    (tmp_path / "sounds" / ".hidden").mkdir()
    return tmp_path


def opened(folder: Path, **args: object):
    """An open table."""
    return make("source", Call("audio_folder", {"path": "sounds", **args})).open(folder)


def sounds(folder: Path, **args: object) -> np.ndarray:
    """All sounds."""
    table = opened(folder, **args)
    return table.read(np.arange(len(table)), ("audio",))["audio"]


# --- what it gives


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_whole_numbers_are_scaled_as_soundfile_does(width, channels):
    content = pcm(tone(51, channels), width)
    given = read_wave(content).samples()
    wanted, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    assert given.dtype == np.float32 and given.shape == (51, channels)
    np.testing.assert_array_equal(given, wanted)
    assert read_wave(content).rate == rate
    assert -1 <= given.min() < -0.9 and 0.9 < given.max() <= 1


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
def test_floats_and_long_headers_are_read(subtype, form):
    stream = io.BytesIO()
    soundfile.write(stream, tone(33, 2), RATE, format=form, subtype=subtype)
    wanted, _ = soundfile.read(io.BytesIO(stream.getvalue()), dtype="float32")
    np.testing.assert_array_equal(read_wave(stream.getvalue()).samples(), wanted)


def test_sub_folders_are_classes_and_sounds_get_one_length(folder):
    table = opened(folder)
    rows = table.read(np.arange(4), ("audio", "label"))
    assert table.columns["label"].names == ("no", "yes")
    assert table.columns["audio"].shape == (50, 1)
    np.testing.assert_array_equal(rows["label"], [0, 0, 1, 1])
    files = ["no/D.WAV", "no/deep/c.ogg", "yes/a.flac", "yes/b.wav"]
    for row, name in enumerate(files):
        assert table.place(row, "audio") == f"`sounds/{name}`"
        wanted, _ = soundfile.read(folder / "sounds" / name, dtype="float32", always_2d=True)
        np.testing.assert_array_equal(rows["audio"][row, : len(wanted)], wanted)
        assert not rows["audio"][row, len(wanted) :].any()
    some = table.read(np.array([3, 1]), ("audio",))["audio"]
    np.testing.assert_array_equal(some, rows["audio"][[3, 1]])
    short = sounds(folder, output_sequence_length=25, sampling_rate=RATE)
    np.testing.assert_array_equal(short, rows["audio"][:, :25])
    long = sounds(folder, output_sequence_length=60)
    np.testing.assert_array_equal(long[:, :50], rows["audio"])
    assert long.shape == (4, 60, 1) and not long[:, 50:].any()


def test_a_folder_without_sub_folders_gives_sounds_alone(folder):
    assert set(opened(folder, path="sounds/yes").columns) == {"audio"}


def test_sounds_are_read_in_parts(folder, monkeypatch):
    whole = np.array(sounds(folder))
    monkeypatch.setattr("kspec.data.audio_folder._PART", 4 * 50 * 3)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    np.testing.assert_array_equal(sounds(folder), whole)


def test_the_data_block_holds_the_length_against_the_field(folder):
    call = Call("audio_folder", {"path": "sounds", "output_sequence_length": 16})
    data = dataset(folder, call, {"train": 0.5, "test": 0.5}, audio="f32[16,1]", label="class")
    assert data.splits["train"].class_names == {"label": ("no", "yes")}
    wrong = refused(dataset, folder, call, {"train": 1.0}, audio="f32[16]")
    assert wrong.code == "E505" and "f32[16, 1] in the data" in shown(wrong)


@pytest.mark.parametrize("name", ["sampling_rate", "output_sequence_length"])
def test_arguments_are_positive(name):
    source = make("source", Call("audio_folder", {"path": "a", name: 0}))
    assert source.check() == f"{name} must be at least 1"


# --- the fingerprint and the cache


def test_the_fingerprint_is_of_the_content(folder):
    first = opened(folder).fingerprint()
    (folder / "sounds" / "yes" / "b.wav").touch()
    assert opened(folder).fingerprint() == first
    assert opened(folder, output_sequence_length=9).fingerprint() != first
    written(folder / "sounds" / "yes" / "b.wav", tone(50, pitch=0.4))
    assert opened(folder).fingerprint() != first


def test_decoded_sounds_are_kept_and_a_damaged_cache_is_made_anew(folder, cache, monkeypatch):
    first = np.array(sounds(folder))
    (kept,) = (cache / "sounds").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("kspec.data.audio_folder.samples", None)  # nothing is decoded again
        again = sounds(folder)
    assert isinstance(again, np.memmap)
    np.testing.assert_array_equal(again, first)
    del again
    good = kept.read_bytes()
    for content in (good[:-1], good[:200] + b"?" + good[201:], b""):
        kept.write_bytes(content)
        np.testing.assert_array_equal(sounds(folder), first)
        assert kept.read_bytes() == good
    written(folder / "sounds" / "yes" / "b.wav", tone(50, pitch=0.4))
    changed = sounds(folder)
    np.testing.assert_array_equal(changed[:3], first[:3])
    assert (changed[3] != first[3]).any()


# --- what is refused

GOOD = pcm(tone(50), 2)
FORMAT, DATA = GOOD.index(b"fmt ") + 8, GOOD.index(b"data")

SHORT_HEAD = GOOD[: FORMAT - 4] + b"\4\0\0\0" + GOOD[FORMAT : FORMAT + 4] + GOOD[FORMAT + 16 :]


def changed(at: int, value: bytes) -> bytes:
    """The good file with other bytes in its header."""
    return GOOD[: FORMAT + at] + value + GOOD[FORMAT + at + len(value) :]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it does not start as a WAV file does"),
        (b"fLaC" + GOOD, "it does not start as a WAV file does"),
        (b"RIFX" + GOOD[4:], "it does not start as a WAV file does"),
        (GOOD[:12], "its header is cut off, or has no sound behind it"),
        (GOOD[:30], "its part `fmt` promises 16 bytes, and 10 follow"),
        (GOOD[:DATA], "its header is cut off, or has no sound behind it"),
        (GOOD[:-7], "its part `data` promises 100 bytes, and 93 follow"),
        (GOOD[: DATA + 4] + struct.pack("<I", 99) + GOOD[DATA + 8 :], "its last sample is cut"),
        (GOOD[: DATA + 4] + b"\xff" * 4 + GOOD[DATA + 8 :], "promises 4,294,967,295 bytes"),
        (pcm(tone(0), 2), "it has no samples"),
        (changed(0, b"\x11"), "it is packed (format 17, 16 bits), and that is not read"),
        (changed(14, b"\x0c"), "it is packed (format 1, 12 bits), and that is not read"),
        (changed(2, b"\0\0"), "its header contradicts itself"),
        (changed(4, b"\0" * 4), "its header contradicts itself"),
        (changed(12, b"\x03"), "its header contradicts itself"),
        (SHORT_HEAD, "its header is cut off"),
        (pcm(tone(50), 2, 16_000), "its rate is 16,000 samples a second, and that of `sounds/no"),
        (pcm(tone(50, 2), 2), "it has 2 channels, and `sounds/no/D.WAV` has 1"),
    ],
    ids=range(18),
)
def test_a_bad_sound_is_named(folder, content, reason):
    (folder / "sounds" / "yes" / "bad.wav").write_bytes(content)
    mistake = refused(opened, folder)
    assert mistake.code == "E502"
    assert "`sounds/yes/bad.wav` cannot be read" in shown(mistake) and reason in shown(mistake)


def packed(name: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, tone(2000), RATE, format=name)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["flac", "ogg"])
def test_a_damaged_packed_sound_is_named(folder, name):
    file = folder / "sounds" / "yes" / f"bad.{name}"
    good = packed(name)
    for content in (b"", b"words" * 30, good[:30], good[: len(good) // 2], GOOD):
        file.write_bytes(content)
        mistake = refused(sounds, folder)
        assert mistake.code == "E502" and f"`sounds/yes/bad.{name}` cannot be read" in shown(
            mistake
        )
        assert " object at " not in shown(mistake)


def test_another_rate_than_the_one_asked_for_is_named(folder):
    mistake = shown(refused(opened, folder, sampling_rate=16_000))
    assert "`sounds/no/D.WAV` cannot be read" in mistake
    assert "8,000 samples a second, and `sampling_rate` is 16,000; sounds are not" in mistake


def test_floats_that_are_no_numbers_are_named(folder):
    wrong = tone(50)
    wrong[3] = np.nan
    written(folder / "sounds" / "yes" / "nan.wav", wrong, subtype="FLOAT")
    call = Call("audio_folder", {"path": "sounds"})
    mistake = refused(dataset, folder, call, {"train": 1.0}, audio="f32[50,1]")
    assert mistake.code == "E507" and "`sounds/yes/nan.wav`" in shown(mistake)


def test_folders_links_and_other_files_are_as_those_of_images(folder, tmp_path_factory):
    (folder / "sounds" / "yes" / "a.mp3").touch()
    mistake = shown(refused(opened, folder))
    assert "`sounds/yes/a.mp3`" in mistake
    assert "the sound files that are read are .wav, .flac and .ogg" in mistake
    (folder / "sounds" / "yes" / "a.mp3").unlink()
    outside = tmp_path_factory.mktemp("outside")
    written(outside / "secret.wav", tone())
    (folder / "sounds" / "yes" / "link.wav").symlink_to(outside / "secret.wav")
    assert refused(opened, folder).code == "E503"
    (folder / "sounds" / "yes" / "link.wav").unlink()
    os.mkfifo(folder / "sounds" / "yes" / "pipe.wav")
    assert "not a regular file" in shown(refused(opened, folder))
    (folder / "sounds" / "yes" / "pipe.wav").unlink()
    (folder / "sounds" / "maybe").mkdir()
    assert "`sounds/maybe` cannot be read: it has no sound files" in shown(refused(opened, folder))
    for path in ("../outside", "/etc", "nowhere"):
        assert refused(opened, folder, path=path).code in ("E501", "E503")


def test_a_file_that_changes_while_it_is_read_is_refused(folder):
    table = opened(folder)
    written(folder / "sounds" / "yes" / "b.wav", tone(50, pitch=0.4))
    mistake = refused(table.read, np.arange(4), ("audio",))
    assert "`sounds/yes/b.wav` cannot be read: it was changed" in shown(mistake)


def test_without_soundfile_the_extra_is_named_but_for_wav(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    mistake = refused(opened, folder)
    assert mistake.code == PackageMissing.code
    assert 'pip install "kspec[audio]"' in shown(mistake)
    (folder / "sounds" / "yes" / "a.flac").unlink()
    (folder / "sounds" / "no" / "deep" / "c.ogg").unlink()
    assert sounds(folder).shape == (2, 50, 1)


def test_a_sound_that_claims_too_much_is_refused(folder, monkeypatch):
    monkeypatch.setattr("kspec.data.sounds.MOST_SAMPLES", 45)
    mistake = shown(refused(opened, folder))
    assert "`sounds/yes/b.wav` cannot be read: it claims to have more than 45" in mistake
