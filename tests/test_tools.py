"""The tools around a spec: check's formats, fmt, explain, layers, show, graph, diff, init."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kspec import files
from kspec.diagnostics import SpecError
from kspec.diagnostics.catalog import by_code, table
from kspec.registry import PACKAGES, names
from tests.conftest import SPECS, TESTS
from tests.test_cli import kspec

WRONG = "model Net {\n  input x : f32[8]\n  h = x -> dense(3)\n  output y = x -> densse(1)\n}\n"
ODD = WRONG.replace("densse", "dense")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a wrong spec, an odd one, and one that is fine."""
    (tmp_path / "wrong.kspec").write_text(WRONG, encoding="utf-8")
    (tmp_path / "odd.kspec").write_text(ODD, encoding="utf-8")
    shutil.copy(SPECS / "digits.kspec", tmp_path)
    return tmp_path


def test_check_shows_warnings_and_succeeds(place):
    done = kspec("check", "odd.kspec", cwd=place)
    assert done.stdout == ""
    assert done.stderr.startswith("warning[W101]: the name `h` is never used\n --> odd.kspec:3:3")
    assert done.stderr.endswith("odd.kspec is fine: 36 weights; 1 warning\n")


def test_check_in_formats_for_programs(place):
    line = "wrong.kspec:4:19: error[E101]: no layer is called `densse`: not a layer\n"
    done = kspec("check", "wrong.kspec", "--format", "concise", cwd=place, code=1)
    assert (done.stdout, done.stderr) == (line, "")
    done = kspec("check", "wrong.kspec", "--format", "github", cwd=place, code=1)
    assert done.stdout == (
        "::error title=E101,file=wrong.kspec,line=4,col=19,endLine=4,endColumn=25::"
        "no layer is called `densse`. not a layer. there is a similar name: `dense`\n"
    )
    (found,) = json.loads(
        kspec("check", "wrong.kspec", "--format", "json", cwd=place, code=1).stdout
    )
    assert found["code"] == "E101"
    assert found["severity"] == "error"
    assert found["place"] == {
        **{"file": "wrong.kspec", "line": 4, "column": 19, "end_line": 4, "end_column": 25}
    }
    assert json.loads(kspec("check", "digits.kspec", "--format", "json", cwd=place).stdout) == []


def test_github_escapes_what_would_end_its_fields(tmp_path):
    (tmp_path / "a,b:c%.kspec").write_text(WRONG, encoding="utf-8")
    done = kspec("check", "a,b:c%.kspec", "--format", "github", cwd=tmp_path, code=1)
    assert "file=a%2Cb%3Ac%25.kspec," in done.stdout


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """The lines up to one with these words; a stream that ends first, or stalls, fails."""
    assert process.stderr is not None
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    seen = ""
    while wanted not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    watchdog.cancel()
    return seen


def test_check_watches_a_file(place):
    command = [sys.executable, "-m", "kspec", "check", "wrong.kspec", "--watch"]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True) as watching:
        seen = read_until(watching, "1 error")
        time.sleep(0.05)
        (place / "wrong.kspec").write_text(ODD.replace("  h = x -> dense(3)\n", ""))
        seen += read_until(watching, "is fine")
        watching.terminate()
    assert "wrong.kspec is fine: 9 weights" in seen


def test_check_watches_what_a_spec_imports(place):
    (place / "main.kspec").write_text('import "parts.kspec"\n' + ODD.replace("dense", "Part", 1))
    command = [sys.executable, "-m", "kspec", "check", "main.kspec", "--watch"]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True) as watching:
        seen = read_until(watching, "1 error")
        assert "E501" in seen
        part = "block Part(n) {\n  input x : f32[8]\n  output x -> dense(n)\n}\n"
        (place / "parts.kspec").write_text(part)
        seen = read_until(watching, "main.kspec is fine")
        watching.terminate()


@pytest.mark.parametrize(
    "command",
    [
        ("graph", "digits.kspec", "-o", "odd.kspec/x.svg"),
        ("compile", "digits.kspec", "-o", "odd.kspec/x"),
        ("init", "odd.kspec/x.kspec"),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_reported(place, command):
    done = kspec(*command, cwd=place, code=1)
    assert done.stderr.startswith("error[E610]: `odd.kspec/x")
    assert "cannot be written: Not a directory" in done.stderr
    assert (place / "odd.kspec").read_text() == ODD


def test_a_file_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    files.write_text(target, "old")
    target.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    files.write_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpecError, match="cannot be written: No space left"):
        files.write_text(target, "newer")
    assert target.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "link.txt"]


def test_fmt_rewrites_checks_and_shows(place):
    (place / "odd.kspec").write_text(ODD.replace(" -> ", "->"), encoding="utf-8")
    done = kspec("fmt", "--check", "odd.kspec", "digits.kspec", cwd=place, code=1)
    assert done.stderr == "would change odd.kspec\n1 of 2 as they should be\n"
    done = kspec("fmt", "--diff", "odd.kspec", cwd=place, code=1)
    assert "-  output y = x->dense(1)\n+  h = x -> dense(3)\n" in done.stdout
    done = kspec("fmt", "odd.kspec", cwd=place)
    assert (place / "odd.kspec").read_text(encoding="utf-8") == ODD
    assert kspec("fmt", "--check", "odd.kspec", cwd=place).stdout == ""
    (place / "bad.kspec").write_text("model {", encoding="utf-8")
    assert "bad.kspec:1:7" in kspec("fmt", "bad.kspec", cwd=place, code=1).stderr
    assert (place / "bad.kspec").read_text(encoding="utf-8") == "model {"
    command = [sys.executable, "-m", "kspec", "fmt", "-"]
    piped = subprocess.run(command, input="param  n:int=3", capture_output=True, text=True)
    assert piped.stdout == "param n : int = 3\n"


def test_every_code_is_explained(place):
    shown = kspec("explain", "e301", cwd=place).stdout
    assert shown.startswith("E301: `<layer>` does not accept <got>\n\nA layer or block gets a")
    assert json.loads(kspec("explain", "W101", "--json", cwd=place).stdout)["code"] == "W101"
    assert "no mistake is called `E999`" in kspec("explain", "E999", cwd=place, code=1).stderr


def test_the_page_of_errors_is_made_from_the_classes(updating):
    page = TESTS.parent / "docs" / "errors.md"
    text = page.read_text(encoding="utf-8")
    head, mark, _ = text.partition("<!-- generated from the classes -->\n")
    assert mark
    made = f"{head}{mark}\n{table()}"
    if updating:
        page.write_text(made, encoding="utf-8")
        return
    assert text == made
    for code in by_code():
        assert f"| {code} |" in text


def test_layers_lists_and_describes_the_vocabulary(place):
    listed = kspec("layers", cwd=place).stdout
    for kind in PACKAGES:
        for name in names(kind):
            assert re.search(rf"^  {name}  ", listed, re.MULTILINE), name
    shown = kspec("layers", "dense", cwd=place).stdout
    assert shown.startswith("dense(units, activation=none, use_bias=true, ")
    assert "*batch in -> *batch units" in shown
    assert "units: an integer; must be given" in shown
    example = "  model Example {\n    input x : f32[8, 6]\n    output y = x -> dense(4)\n  }\n"
    assert shown.endswith(f"Example:\n{example}")
    assert kspec("layers", "where", cwd=place).stdout.startswith("where(x1, x2, x3)\n")
    records = json.loads(kspec("layers", "--kind", "optimizer", "--json", cwd=place).stdout)
    assert {record["name"] for record in records} == set(names("optimizer"))
    assert "similar name: `dense`" in kspec("layers", "dens", cwd=place, code=1).stderr
    kspec("layers", "--kind", "nothing", cwd=place, code=2)


def test_show_tells_where_every_value_comes_from(place):
    shown = kspec(
        *("show", "digits.kspec", "--resolved", "--set", "train.epochs=2"), cwd=place
    ).stdout
    assert re.search(r"epochs = 2 +# --set train.epochs\n", shown)
    assert re.search(r"seed = 0 +# default\n", shown)
    assert re.search(r"units = 512 +# digits.kspec:\d+:\d+\n", shown)
    assert re.search(r"use_bias = true +# default\n", shown)
    records = json.loads(kspec("show", "digits.kspec", "--json", cwd=place).stdout)
    rho = next(each for each in records if each["name"] == "rho")
    assert (rho["value"], rho["origin"]) == ("0.9", "default")
    plain = kspec("show", "digits.kspec", cwd=place).stdout
    (place / "plain.kspec").write_text(plain, encoding="utf-8")
    compared = kspec("diff", "digits.kspec", "plain.kspec", cwd=place).stdout
    assert compared == "no change in meaning\n"


def test_graph_draws_in_three_languages(place):
    svg = kspec("graph", "digits.kspec", cwd=place).stdout
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    dot = kspec("graph", "digits.kspec", "--format", "dot", cwd=place).stdout
    assert dot.startswith("digraph model {") and '[label="512"]' in dot
    kspec("graph", "digits.kspec", "--format", "mermaid", "-o", "m.mmd", cwd=place)
    text = (place / "m.mmd").read_text(encoding="utf-8")
    assert text.startswith("flowchart TD\n") and '-->|"512"| n' in text
    hostile = 'model Net {\n  input x : f32[2]\n  output y = x -> dense(1, name="a")\n}\n'
    (place / "quoted.kspec").write_text(hostile, encoding="utf-8")
    assert "#34;a#34;" in kspec("graph", "quoted.kspec", "--format", "mermaid", cwd=place).stdout
    assert '\\"a\\"' in kspec("graph", "quoted.kspec", "--format", "dot", cwd=place).stdout


def test_diff_tells_what_changed_in_meaning(place):
    text = (place / "digits.kspec").read_text(encoding="utf-8")
    changed = text.replace("width = 512", "width = 64").replace("rmsprop(1e-3)", "sgd(0.1)")
    changed = changed.replace("# ", "# another comment ")
    (place / "other.kspec").write_text(changed, encoding="utf-8")
    shown = kspec("diff", "digits.kspec", "other.kspec", cwd=place).stdout
    assert "~ weight dense.kernel: f32[64,512] = glorot_uniform -> f32[64,64]" in shown
    assert "~ layer dense: dense(units=512, activation=relu) -> dense(units=64" in shown
    assert "~ train.optimizer: rmsprop(" in shown
    assert "~ weights in total: 38,410 -> 4,810" in shown
    assert "~ FLOPs an example in predict: 75,776 -> 9,472" in shown
    records = json.loads(kspec("diff", "digits.kspec", "other.kspec", "--json", cwd=place).stdout)
    assert {record["kind"] for record in records} == {"changed"}
    assert kspec("diff", "digits.kspec", "digits.kspec", cwd=place).stdout.startswith("no change")


def test_diff_tells_layers_from_what_stands_between_them(tmp_path):
    model = "model Net {{\n  input x : f32[8]\n{}  output y = {} -> dense(1)\n}}\n"
    (tmp_path / "a.kspec").write_text(model.format("", "x -> relu -> dropout(0.5)"))
    block = "  x = x -> dense(8) -> relu -> relu\n"
    (tmp_path / "b.kspec").write_text(model.format(block, "x * 2 -> dropout(0.4)"))
    shown = kspec("diff", "a.kspec", "b.kspec", cwd=tmp_path).stdout
    assert shown.splitlines() == [
        "~ layer dense: dense(units=1) -> dense(units=8)",
        "~ layer relu: once -> twice",
        "- layer dropout(rate=0.5): once",
        "+ layer dense_1: dense(units=1)",
        "+ layer dropout(rate=0.4): once",
        "+ op multiply(): once",
        "~ weight dense.kernel: f32[8,1] = glorot_uniform -> f32[8,8] = glorot_uniform",
        "~ weight dense.bias: f32[1] = zeros -> f32[8] = zeros",
        "+ weight dense_1.kernel: f32[8,1] = glorot_uniform",
        "+ weight dense_1.bias: f32[1] = zeros",
        "~ weights in total: 9 -> 81",
        "~ FLOPs an example in predict: 16 -> 144",
    ]


def test_init_writes_specs_that_are_right(tmp_path):
    listed = kspec("init", "--list", cwd=tmp_path).stdout
    for line in listed.splitlines():
        name = line.split()[0]
        done = kspec("init", "--template", name, cwd=tmp_path)
        assert done.stderr == f"wrote {name}.kspec; to train it: kspec run {name}.kspec\n"
        assert "warning" not in kspec("check", f"{name}.kspec", cwd=tmp_path).stderr
    assert len(listed.splitlines()) >= 3
    (tmp_path / "mine.kspec").write_text("# mine\n", encoding="utf-8")
    assert "exists already" in kspec("init", "mine.kspec", cwd=tmp_path, code=1).stderr
    assert (tmp_path / "mine.kspec").read_text(encoding="utf-8") == "# mine\n"
    kspec("init", "--template", "nothing", cwd=tmp_path, code=2)


def test_the_templates_on_data_that_ships_train(tmp_path):
    kspec("init", "--template", "images", cwd=tmp_path)
    done = kspec("run", "--json", "images.kspec", cwd=tmp_path)
    metrics = json.loads(done.stdout)["metrics"]["test"]
    assert metrics["sparse_categorical_accuracy"] > 0.95


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_shells(shell, tmp_path):
    done = kspec("completion", shell, cwd=tmp_path)
    assert "_KSPEC_COMPLETE" in done.stdout
