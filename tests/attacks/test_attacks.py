"""Every hostile spec gives a report or a harmless program: quickly, and touching nothing."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import kspec
from kspec.data.dataset import load
from kspec.diagnostics import SpecError
from kspec.runtime.inspection import forbidden_part
from tests.attacks import corpus
from tests.conftest import SPECS

LONGEST = 120.0  # seconds, on any machine: to tell slow from endless
WATCHED = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")
WATCHED += ("ctypes.dlopen", "pickle.find_class", "urllib.Request")

# Where Python itself is read from.
CODE = (Path(kspec.__file__).parent, Path(sys.prefix), Path(os.__file__).parent)


class Watch:
    """What happens while a spec is compiled that must not: seen by an audit hook."""

    def __init__(self) -> None:
        self.root: Path | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.root is None:
            return
        if event in WATCHED:
            self.seen.append(event)
        if event == "open" and isinstance(args[0], str):
            path = Path(args[0]).absolute()
            allowed = (
                self.root,
                Path(kspec.__file__).parent,
                Path(sys.prefix),
                Path(os.__file__).parent,
            )
            if not any(path.is_relative_to(root) for root in allowed):
                self.seen.append(f"open {path}")


def warm() -> None:
    """Let libraries load what they load when they are used first."""
    program = kspec.compile(SPECS / "digits.kspec").compiled.program
    assert program.data is not None
    load(program.data.declaration, SPECS, program.data.places)


warm()
WATCH = Watch()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder for specs, with links, pipes and sockets in it, beside a secret."""
    folder = tmp_path / "specs"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "x").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "fifo")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        WATCH.root, WATCH.seen = folder, []
        yield folder
    WATCH.root = None


def attack(text: str, folder: Path) -> str:
    """Compile a text, and open its data: the codes of its mistakes, or the program's text."""
    began = time.monotonic()
    try:
        program = kspec.compile_text(text, folder=folder)
        source = program.source
        data = program.compiled.program.data
        if data is not None and data.declaration.source is not None:
            load(data.declaration, folder, data.places)
        result = source
    except SpecError as error:
        report = error.render()
        assert report and "Traceback" not in report
        assert len(report) < 1_000_000
        result = " ".join(d.code for d in error.diagnostics)
    assert time.monotonic() - began < LONGEST
    assert not WATCH.seen
    assert not (folder / corpus.CANARY).exists()
    return result


@pytest.mark.parametrize("text", corpus.injections().values(), ids=corpus.injections())
def test_text_does_not_become_code(text: str, place: Path):
    result = attack(text, place)
    if result.startswith('"""'):
        assert forbidden_part(result) is None
        assert corpus.CANARY not in "".join(
            line.partition("#")[0] for line in result.splitlines(keepends=True)
        )
    else:
        assert result[0] == "E"


@pytest.mark.parametrize("text", corpus.explosions().values(), ids=corpus.explosions())
def test_small_texts_do_not_ask_for_much(text: str, place: Path):
    attack(text, place)


@pytest.mark.parametrize("text", corpus.unreadable().values(), ids=corpus.unreadable())
def test_anything_can_be_read(text: str, place: Path):
    attack(text, place)


@pytest.mark.parametrize("text", corpus.paths().values(), ids=corpus.paths())
def test_paths_lead_nowhere_else(text: str, place: Path):
    result = attack(text, place)
    assert result.startswith("E"), "nothing of the corpus is a file that may be read"
    assert "secret" not in result


def test_the_corpus_is_large_enough():
    parts = (corpus.injections(), corpus.explosions(), corpus.unreadable(), corpus.paths())
    assert sum(map(len, parts)) >= 200
