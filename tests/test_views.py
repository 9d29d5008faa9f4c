"""What a run shows: progress on streams and terminals, curves, the report, the picture."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import pty
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import kspec
from kspec.graph import DEEPEST, dot, draw, graph_of, mermaid
from kspec.runtime.curves import chart, ticks
from kspec.runtime.progress import PlainProgress, QuietProgress, choose, number
from kspec.runtime.report import Report, render_report, report_of
from kspec.runtime.view import LiveProgress
from tests.conftest import SPECS

METRICS = {"loss": 0.25, "accuracy": 0.5, "validation.loss": 0.3, "validation.accuracy": 0.4}


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def drive(progress) -> None:
    """All calls that a run makes."""
    progress.say("run folder: x")
    progress.begin(2, 10)
    for epoch in (1, 2):
        progress.step(epoch, 10, 0.5)
        progress.epoch(epoch, METRICS, 1.25)
    progress.end()


def test_plain_progress_is_a_line_an_epoch():
    stream = io.StringIO()
    drive(PlainProgress(stream))
    assert stream.getvalue().splitlines() == [
        "run folder: x",
        "epoch 1/2  loss 0.2500  accuracy 0.5000  validation.loss 0.3000"
        "  validation.accuracy 0.4000  1.2 s",
        "epoch 2/2  loss 0.2500  accuracy 0.5000  validation.loss 0.3000"
        "  validation.accuracy 0.4000  1.2 s",
    ]


def test_live_progress_draws_on_a_terminal_and_survives_its_end(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    stream = os.fdopen(follower, "w")
    progress = choose(False, stream)
    assert isinstance(progress, LiveProgress)
    drive(progress)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(leader, 65536).decode())
    assert "epoch 1/2  train       loss 0.2500  accuracy 0.5000" in shown
    assert "    1.2 s  validation  loss 0.3000  accuracy 0.4000" in shown
    os.close(leader)
    drive(progress)
    with contextlib.suppress(OSError):
        stream.close()


@pytest.mark.parametrize("make", [PlainProgress, LiveProgress])
def test_a_stream_that_breaks_does_not_stop_a_run(make):
    drive(make(Broken()))


def test_quiet_says_nothing_and_pipes_get_plain_lines(capsys):
    stream = io.StringIO()
    assert isinstance(choose(True, stream), QuietProgress)
    assert isinstance(choose(False, stream), PlainProgress)
    drive(choose(True, stream))
    assert stream.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def test_numbers_have_four_digits_or_an_exponent():
    assert [number(x) for x in (0, 0.12345, 12.5, 1e-5, 3e7, float("nan"))] == [
        "0.0000",
        "0.1235",
        "12.5000",
        "1.000e-05",
        "3.000e+07",
        "nan",
    ]


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.1, 0.13), (-5, 5), (3, 3), (0, 1e-9), (0, 1e9)]
)
def test_ticks_are_round_and_cover_the_range(low, high):
    marks = ticks(low, high)
    assert marks[0] <= low and marks[-1] >= high
    assert 2 <= len(marks) <= 8
    steps = {round(b - a, 15) for a, b in itertools.pairwise(marks)}
    assert len(steps) <= 2


def test_a_chart_marks_its_best_epoch_and_leaves_out_what_is_no_number():
    nan = float("nan")
    lines = {"train": [(1, 0.9), (2, nan), (3, 0.3)], "validation": [(1, 1.0), (2, 0.4), (3, 0.5)]}
    svg = chart("loss", lines, (2, 0.4))
    ElementTree.fromstring(svg)
    assert "best: 0.4 in epoch 2" in svg
    assert "nan" not in svg
    assert chart("loss", {"train": [(1, nan)]}, None) == ""


@pytest.fixture(scope="module")
def report():
    """The report of a small run."""
    rng = np.random.default_rng(0)
    same = rng.integers(0, 2, 64).astype(np.float32)
    tokens = rng.integers(0, 1000, (64, 20), dtype=np.int32)
    data = {"left": tokens, "right": tokens, "same": same}
    run = kspec.compile(SPECS / "matching.kspec").fit(
        data={"train": data, "validation": data}, epochs=3, quiet=True
    )
    about = {
        "status": "finished",
        "epoch": 3,
        "steps": 6,
        "spec": "matching.kspec",
        "seed": 0,
        "metrics": {"validation": {"loss": 0.5, "binary_accuracy": 0.75}},
        "timing": {"training_s": 1.5, "first_update_s": 0.5},
        "environment": {"jax": "1.2.3"},
    }
    return report_of(run, SPECS / "runs", about, run.dataset({"train": data}))


def test_the_report_stands_alone_and_has_its_sections(report):
    page = render_report(report)
    for title in ("Learning curves", "Results", "Model", "Spec", "Use it", "Environment"):
        assert f">{title}" in page.partition("</nav>")[2], title
    assert page.count('class="chart"') == 2
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="kspec-graph"' in page
    assert "encode.embedding.embeddings" in page
    assert not re.search(r'(src|href)="http', page), "it loads something"
    assert "<script" not in page


def test_what_comes_from_outside_is_escaped(report):
    evil = "<script>alert(1)</script>"
    page = render_report(
        Report(evil, evil, {**report.about, "spec": evil}, report.history, evil, "", ())
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_a_report_without_epochs_or_metrics_says_so(report):
    about = {**report.about, "status": "interrupted", "metrics": {}}
    page = render_report(Report("M", "f", about, (), "", "", ()))
    assert "No epoch was finished" in page
    assert "stopped before its end" in page
    assert "kspec resume f" in page


@pytest.mark.parametrize("name", [path.stem for path in sorted(SPECS.glob("*.kspec"))])
def test_the_picture_shows_every_layer_and_is_sound(name):
    program = kspec.compile(SPECS / f"{name}.kspec").compiled.program
    graph = graph_of(program.module, program.parts, DEEPEST)
    root = ElementTree.fromstring(draw(graph))
    ns = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{ns}g")) == len(graph.nodes)
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [
        tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
        for rect in root.iter(f"{ns}rect")
    ]
    for index, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for other_x, other_y, other_w, other_h in boxes[index + 1 :]:
            apart = x + w <= other_x or other_x + other_w <= x
            assert apart or y + h <= other_y or other_y + other_h <= y


NESTED = """block Residual(filters) {
  input x : f32[D]
  y = x -> dense(filters, relu) -> dense(D)
  output x + y
}

block Halves {
  input x : f32[D]
  output low  = x[:3]
  output high = x[3:] -> dense(7)
}

model Net {
  input x : f32[8]
  share encode = dense(8) -> relu
  x = x -> encode
  repeat 2 { x = x -> Residual(16) }
  low, high = x -> Halves
  output y = concatenate(low, high)
}
"""


def boxes(depth: int) -> list[tuple[str, str]]:
    """The boxes of the nested spec, opened so far."""
    program = kspec.compile_text(NESTED).compiled.program
    graph = graph_of(program.module, program.parts, depth)
    return [(node.title, node.kind) for node in graph.nodes]


def test_blocks_shared_pipelines_and_loops_are_closed_until_they_are_opened():
    closed = [("encode", "block"), ("repeat 2", "block"), ("Halves", "block")]
    assert boxes(0)[1:4] == closed
    once = boxes(1)
    assert [title for title, kind in once if kind == "block"] == ["Residual(16)"] * 2
    assert [title for title, _ in once][1:3] == ["dense(8)", "relu"]
    assert boxes(2) == boxes(DEEPEST)
    assert {kind for _, kind in boxes(2)} == {"input", "layer", "output"}


def test_an_arrow_tells_the_shapes_of_all_that_goes_along_it():
    program = kspec.compile_text(NESTED).compiled.program
    graph = graph_of(program.module, program.parts)
    titles = {node.id: (node.title, node.subtitle) for node in graph.nodes}
    assert [(titles[edge.source][0], edge.label) for edge in graph.edges] == [
        ("x", "8"),
        ("encode", "8"),
        ("repeat 2", "8"),
        ("Halves", "3, 7"),
        ("concatenate(low, high)", "10"),
    ]
    assert ("encode", "encode.dense: 72 weights") in titles.values()
    assert ("repeat 2", "560 weights") in titles.values()
    assert draw(graph).count('class="behind"') == 3


def test_opened_blocks_have_frames_in_text():
    program = kspec.compile_text(NESTED).compiled.program
    graph = graph_of(program.module, program.parts, 2)
    for text, begin, end in (
        (dot(graph), "subgraph cluster_", "  }"),
        (mermaid(graph), "subgraph g", "  end"),
    ):
        assert text.count(begin) == 5
        assert text.splitlines().count(end) == 5
    assert '  subgraph g2 ["repeat 2"]\n  subgraph g3 ["Residual(16)"]\n' in mermaid(graph)


def test_the_plan_of_a_program_is_json_that_reads_back():
    from kspec.plan_text import plan_from_json, plan_to_json

    plan = kspec.compile(SPECS / "digits.kspec").bundle().plan
    text = plan_to_json(plan)
    assert plan_from_json(text) == plan
    assert json.loads(text)["batch"] == 32


def test_a_ragged_input_is_one_box_that_its_mask_comes_from():
    text = """
model Words {
  input tokens : i32[..6]
  output y = tokens -> embedding(9, 4) -> gru(3)
}
"""
    program = kspec.compile_text(text).compiled.program
    graph = graph_of(program.module, program.parts)
    titles = [node.title for node in graph.nodes]
    assert titles == ["tokens", "embedding(9, 4)", "gru(3)", "y"]
    arrows = {(titles[edge.source], titles[edge.target], edge.label) for edge in graph.edges}
    assert ("tokens", "gru(3)", "6") in arrows
