"""What Keras and Ludwig say to mistakes that were reported, and what kspec says to them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TESTS
from tests.peers.pairs import FOLDER, PAIRS, PARTS, Pair, section
from tests.peers.say import CUT, LINES, WIDTH, bare, laid_out

PAGE = TESTS.parent / "docs" / "errors.md"
MARK = "<!-- generated from tests/peers -->\n"
END = "## All codes\n"
BY_NAME = [pytest.param(pair, id=pair.spec.stem) for pair in PAIRS]


@pytest.fixture(scope="module")
def reports() -> dict[str, str]:
    """What kspec says to each spec."""
    before = Path.cwd()
    os.chdir(FOLDER)
    try:
        return {pair.spec.name: pair.report() for pair in PAIRS}
    finally:
        os.chdir(before)


def test_there_are_forty_at_least_and_each_is_whole():
    assert len(PAIRS) >= 40
    for pair in PAIRS:
        assert pair.facts["part"] in PARTS, pair.spec.name
        assert pair.keras.is_file() == pair.program.is_file(), pair.spec.name
        assert pair.keras.is_file() or pair.ludwig.is_file(), pair.spec.name
        assert ("ludwig" in pair.facts) == pair.ludwig.is_file(), pair.spec.name
        assert "reported" in pair.facts or "ludwig" in pair.facts, pair.spec.name
        assert len(re.findall(r"[.!?](?:\s|$)", pair.facts.get("note", ""))) <= 2
    titles = [pair.facts["title"] for pair in PAIRS]
    assert len(set(titles)) == len(titles)


def test_nothing_is_left_over():
    known = {p.spec.name.split(".")[0] for p in PAIRS} | {"__init__", "pairs", "say"}
    assert {path.name.split(".")[0] for path in FOLDER.iterdir() if path.is_file()} == known
    used = "".join(pair.spec.read_text(encoding="utf-8") for pair in PAIRS)
    for path in (FOLDER / "files").iterdir():
        assert f"files/{path.name}" in used


@pytest.mark.parametrize("pair", BY_NAME)
def test_kspec_names_the_place_the_reason_and_what_to_write(pair: Pair, reports):
    report = reports[pair.spec.name]
    kind = "warning" if pair.code.startswith("W") else "error"
    assert report.startswith(f"{kind}[{pair.code}]: "), report
    assert re.search(rf"--> {pair.spec.name}:\d+:\d+\n", report), "no place"
    marked = report[report.index("^") :]
    assert re.search(r"\^ \S|\n +\| +\S", marked), "no reason"
    assert "= help: " in report or "= note: " in report or "must be" in report or "meant" in report
    assert "Traceback" not in report


@pytest.mark.parametrize("pair", BY_NAME)
def test_what_the_peers_said_is_short(pair: Pair):
    for path in (pair.keras, pair.ludwig):
        if path.is_file():
            said = path.read_text(encoding="utf-8")
            assert laid_out(said) + "\n" == said


def test_long_answers_are_cut_where_it_is_marked():
    shown = laid_out("\x1b[1mone\x1b[0m\n\n" + "word " * 50 + "\n" + "\n".join("abcdefghij"))
    assert shown.startswith("one\n")
    assert shown.splitlines()[-1] == CUT
    assert len(shown.splitlines()) == LINES
    assert all(len(line) <= WIDTH for line in shown.splitlines())


def test_times_losses_and_addresses_do_not_count():
    first = "3/3 - 0s - 54ms/step - loss: 0.6931 at 0x7f1"
    assert bare(first) == bare("3/3 - 1s - 400us/step - loss: 7.1e-05\n   at 0xab")
    assert bare(first) != bare("3/3 - 0s - 54ms/step - loss: nan at 0x7f1")


@pytest.fixture(scope="module")
def keras_says() -> dict[str, str]:
    """What Keras says to each program now."""
    programs = [str(pair.program) for pair in PAIRS if pair.program.is_file()]
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    environment["JAX_TRACEBACK_FILTERING"] = "off"  # else JAX adds a note to what Keras says
    done = subprocess.run(
        [sys.executable, "-m", "tests.peers.say", *programs],
        cwd=TESTS.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("pair", [p for p in BY_NAME if p.values[0].program.is_file()])
def test_keras_says_what_is_stored(pair: Pair, keras_says, updating):
    said = laid_out(keras_says[str(pair.program)])
    if updating:
        pair.keras.write_text(said + "\n", encoding="utf-8")
    assert bare(said) == bare(pair.keras.read_text(encoding="utf-8"))


def test_the_page_shows_them_all(reports, updating):
    text = PAGE.read_text(encoding="utf-8")
    head, mark, rest = text.partition(MARK)
    _, end, tail = rest.partition(END)
    assert mark and end
    made = f"{head}{mark}\n{section(reports)}\n{end}{tail}"
    if updating:
        PAGE.write_text(made, encoding="utf-8")
        return
    assert text == made
