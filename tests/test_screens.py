"""What a user sees of a run: the terminal's lines at any width, and the report's sections."""

from __future__ import annotations

import io
import os
import pty
import re
import time
import zlib
from html import escape
from types import SimpleNamespace

import numpy as np
import optax
import pytest

import kspec
from kspec.codegen.seen import seen_file, seen_of
from kspec.data.mapped import Mapped
from kspec.ir import Call
from kspec.plan import PhasePlan
from kspec.runtime import compat, data_page, environment, pictures
from kspec.runtime.executable import load_python
from kspec.runtime.png import as_bytes, png, smaller
from kspec.runtime.progress import Now, PlainProgress, choose
from kspec.runtime.report import render_report, report_of
from kspec.runtime.view import Clock, LiveProgress, Rows, as_lines, status
from kspec.runtime.vitals import memory_in_use, now, rate_at, updates_before

LONG = "sparse_top_k_categorical_accuracy"
METRICS = {
    **{"loss": 12.5, "sparse_categorical_accuracy": 0.5, LONG: 0.75},
    **{"validation.loss": 0.25, f"validation.{LONG}": 1.0},
}


def lines(rows: Rows, width: int, metrics=METRICS) -> list[str]:
    return ["".join(text for text, _ in line) for line in rows.of(3, metrics, 61.25, width)]


@pytest.mark.parametrize("width", [50, 60, 80, 120, 200])
def test_lines_of_an_epoch_are_never_wider_than_the_terminal(width):
    shown = lines(Rows(40), width)
    assert all(len(line) <= width for line in shown), shown
    words = " ".join(shown).split()
    for name in (*METRICS, "61.2", "validation", "train"):
        assert words.count(name.removeprefix("validation.")) >= 1
    assert (len(shown) == 2) == (width >= 120)


def test_the_time_stands_below_the_epoch_and_numbers_below_each_other():
    rows = Rows(40)
    assert lines(rows, 120)[0].startswith("epoch  3/40  train       loss 12.5000  sparse_cat")
    assert lines(rows, 120)[1].startswith("     61.2 s  validation  loss  0.2500  sparse_top")
    assert lines(rows, 120, {"loss": 0.5}) == ["epoch  3/40  train       loss  0.5000  61.2 s"]
    assert as_lines("test", {"loss": 0.5, LONG: 1.0}, None) == [
        f"test        loss 0.5000  {LONG} 1.0000"
    ]
    assert as_lines("test", {"loss": 0.5, LONG: 1.0}, 60) == [
        "test        loss 0.5000",
        f"            {LONG} 1.0000",
    ]


def test_the_time_that_is_left_is_that_of_all_epochs():
    passed = [0.0]
    clock = Clock(400, lambda: passed[0])
    passed[0] = 65
    assert clock.shown() == "0:01:05"
    clock.mark(100)
    assert clock.shown() == "0:01:05"  # one dispatch has compiled: it says nothing
    passed[0] = 75
    clock.mark(110)
    assert clock.shown() == "0:04:50 left"
    passed[0] = 80
    assert clock.shown() == "0:04:45 left"


def test_a_sentence_goes_on_where_a_word_ends_and_a_report_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    live = LiveProgress(stream)
    live.say(f"the folder is [{'x' * 30}]")
    live.say(f"error:\n  | {'y' * 30}")
    assert stream.getvalue().splitlines() == [
        "the folder is",
        f"[{'x' * 30}]",
        "error:",
        f"  | {'y' * 30}",
    ]


def test_rate_and_memory_are_shown_where_they_are_known_and_have_room():
    known = Now(rate=0.0005, memory=3 * 2**29)
    assert status(0.5, known, 80) == ["loss 0.5000", "rate 0.0005", "1.5 GiB"]
    assert status(0.5, known, 60) == ["loss 0.5000"]
    assert status(0.5, Now(), 80) == ["loss 0.5000"]


def test_a_terminal_gets_a_bar_of_its_width_and_no_color_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as stream:
        live = choose(False, stream)
        assert isinstance(live, LiveProgress)
        live.begin(2, 10)
        live.step(1, 10, 0.5, lambda: Now(0.001, 2**30))
        time.sleep(0.3)  # the bar is drawn ten times a second
        live.epoch(1, METRICS, 1.0)
        live.end()
        shown = os.read(leader, 65536).decode()
        monkeypatch.setenv("NO_COLOR", "1")
        assert isinstance(choose(False, stream), PlainProgress)
    os.close(leader)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert max(map(len, re.split(r"[\r\n]+", plain))) == 80
    assert "rate 0.001  1.0 GiB" in plain


def test_the_rate_of_a_moment_is_that_of_the_schedule():
    args = {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.0}
    args |= {"warmup_target": None, "warmup_steps": 0}
    phases = [
        PhasePlan("a", 1, rate=0.5),
        PhasePlan("b", 2, rate=Call("cosine_decay", args)),
        PhasePlan("c", 2, rate=0.5, carries=True),
    ]
    history = [{"phase": "a", "steps": 10}, {"phase": "b", "steps": 20}]
    assert [updates_before(phases[: n + 1], history) for n in range(3)] == [20, 10, 10]
    wanted = optax.cosine_decay_schedule(0.1, 100)(25)
    assert rate_at(phases[1], 25) == pytest.approx(float(wanted))
    assert rate_at(phases[0], 25) == 0.5


def test_memory_is_that_of_the_device_where_it_tells(monkeypatch):
    assert set(environment.peak_memory()) == {"process"}
    assert memory_in_use() is None
    stats = {"bytes_in_use": 5, "peak_bytes_in_use": 7}
    told = SimpleNamespace(memory_stats=lambda: stats)
    monkeypatch.setattr(compat, "device", lambda: told)
    assert (memory_in_use(), environment.peak_memory()) == (5, {"device": 7})


SPEC = """
data d {
  source = arrays()
  image : u8[6, 6]
  kind : class
  note : str
}
model Net {
  input image : u8[6, 6]
  x = image -> rescaling(1/16) -> expand_dims(-1) -> random_flip(horizontal)
  output y = x -> flatten -> dense(3, softmax)
}
train {
  model = Net
  data = d
  loss = sparse_categorical_crossentropy(kind, y)
  optimizer = sgd(exponential_decay(0.1, 2, 0.5))
  batch = 4
  epochs = 3
}
"""
EVIL = "<script>alert(1)</script>"
IMAGES = np.random.default_rng(0).integers(0, 16, (12, 6, 6)).astype(np.uint8)


@pytest.fixture(scope="module")
def trained():
    """A short run, and its data."""
    notes = np.array([f"{EVIL}{n}" for n in range(12)])
    kinds = np.array(["cat", EVIL, "dog"] * 4)
    data = {"train": {"image": IMAGES, "kind": kinds, "note": notes}}
    run = kspec.compile_text(SPEC).fit(data, quiet=True)
    return run, run.dataset(data)


def test_the_report_shows_data_examples_cost_and_passes(trained, tmp_path):
    run, dataset = trained
    about = {
        **{"status": "finished", "epoch": 3, "spec": "a.kspec", "seed": 0},
        **{"rows": {"train": 12}, "data_fingerprint": "0" * 64, "memory": {"device": 2**30}},
    }
    page = render_report(report_of(run, tmp_path, about, dataset))
    assert "<script" not in page
    assert page.count(escape(EVIL)) >= 5
    assert page.count('<img alt="" src="data:image/png;base64,') == 3 * 8
    for text in ("Examples: train 12.", "Classes of kind", "augmented 2", "<td>cat</td>"):
        assert text in page, text
    assert page.count("<figcaption>learning rate<") == 1
    cost = page.partition("Time and memory</h2>")[2].partition("</section>")[0]
    for text in ("FLOPs of an update", "1.0 GiB", "of the device at its peak", "other epochs"):
        assert text in cost, text
    passes = page.partition("What the compiler did</h2>")[2].partition("</section>")[0]
    assert "fuse_softmax_crossentropy" in passes and "Nothing to do: " in passes
    assert now(run) == Now(pytest.approx(0.1 * 0.5**4), None)


def test_pictures_are_what_the_first_weights_take(trained, monkeypatch):
    run, dataset = trained
    module = kspec.compile_text(SPEC).compiled.module
    func = seen_of(module)
    seen = load_python(seen_file(module, func), "seen.py").seen  # type: ignore[attr-defined]
    made = np.asarray(seen({"image": IMAGES}, None, compat.key(0))["image"])[..., 0]
    same = [np.array_equal(a, b) for a, b in zip(made, IMAGES / 16, strict=True)]
    turned = [np.array_equal(a, b[:, ::-1]) for a, b in zip(made, IMAGES / 16, strict=True)]
    assert all(a or b for a, b in zip(same, turned, strict=True))
    assert any(same) and any(turned)
    for interrupted, longest, left in ((False, 300, False), (False, 10, True), (True, 300, True)):
        monkeypatch.setattr(pictures, "LONGEST", longest)
        run.interrupted = interrupted
        (strip,) = pictures.strips(run, dataset.splits["train"], module, at_once=True)
        assert (strip.left, len(strip.rows)) == (left, 1 if left else 3)
    assert not pictures.strips(run, dataset.splits["train"], module, at_once=False)[0].left
    run.interrupted = False
    still = SPEC.replace(" -> random_flip(horizontal)", "")
    assert seen_of(kspec.compile_text(still).compiled.module) is None


def test_classes_are_counted_part_by_part_in_a_file_too(monkeypatch):
    monkeypatch.setattr(data_page, "MOST", 2)
    labels = np.array([0, -1, 3, 1, 1], np.int32)
    for array in (labels, Mapped(labels)):
        assert data_page.counts(array).tolist() == [1, 2, 0, 1]


def test_a_picture_is_a_png_file_that_reads_back():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    file = io.BytesIO(png(pixels))
    assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    parts: dict[bytes, bytes] = {}
    while size := file.read(4):
        name, data = file.read(4), file.read(int.from_bytes(size, "big"))
        assert int.from_bytes(file.read(4), "big") == zlib.crc32(name + data)
        parts[name] = data
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    assert parts[b"IHDR"] == bytes([0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0])
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(2, 10)
    assert rows[:, 0].tolist() == [0, 0]  # no filter
    assert np.array_equal(rows[:, 1:].reshape(2, 3, 3), pixels)
    images = np.arange(64, dtype=np.float32).reshape(1, 8, 8, 1)
    assert smaller(images, 4)[0, :, :, 0].tolist()[0] == [4.5, 6.5, 8.5, 10.5]
    assert as_bytes(images).ravel()[[0, 63]].tolist() == [0, 255]
    assert as_bytes(np.full((1, 4, 4, 1), np.nan)).max() == 0
