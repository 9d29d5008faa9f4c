"""The documentation holds: its examples compile, its commands and names are there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import kspec
from kspec.cli import COMMANDS, main
from kspec.registry import names
from tests.conftest import SPECS, TESTS

ROOT = TESTS.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced examples of a language in a page."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


EXAMPLES = [
    pytest.param(text, id=f"{path.name}-{index}")
    for path in sorted((ROOT / "docs").glob("*.md"))
    for index, text in enumerate(blocks(path, "kspec"))
]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder with the Python files that the documentation shows: `# ops.py` heads one."""
    folder = tmp_path_factory.mktemp("docs")
    for text in blocks(ROOT / "docs" / "language.md", "python"):
        (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_documentation_compiles(text, files):
    program = kspec.compile_text(text, folder=files, allow_extern='extern "' in text)
    assert "def predict(" in program.source


def test_the_functions_of_the_documentation_run(files):
    """What loads them holds them against their types."""
    (text,) = (each.values[0] for each in EXAMPLES if 'extern "' in each.values[0])
    assert kspec.compile_text(text, folder=files, allow_extern=True).init().weights


def test_the_readme_starts_with_the_digits_spec():
    def bare(text: str) -> list[str]:
        lines = (line.partition("#")[0].rstrip() for line in text.splitlines())
        return [line for line in lines if line]

    (shown, *_) = blocks(ROOT / "README.md", "")
    assert bare(shown) == bare((SPECS / "digits.kspec").read_text(encoding="utf-8"))


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    shutil.copytree(SPECS, tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    (code,) = [text for text in blocks(ROOT / "README.md", "python") if "import kspec" in text]
    exec(code, {"images": np.zeros((3, 8, 8), np.uint8)})
    assert len(kspec.load("my-run").history) == 5


def test_the_readme_lists_every_command():
    for command in COMMANDS:
        assert re.search(rf"\| `kspec {command}[ `]", README), command
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize("kind", ["layer", "loss", "optimizer", "activation", "metric"])
def test_the_page_of_parity_lists_the_vocabulary(kind):
    listed = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    for name in names(kind):
        assert f"`{name}`" in listed, name


def test_the_language_page_lists_every_op_source_and_setting():
    from kspec.elaborate.train import SETTINGS

    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    for name in names("op"):
        assert f"`{name}`" in page or f"`{name}(" in page, name
    for name in names("source"):
        assert f"`{name}(" in page, name
    for name in (*names("schedule"), *names("callback")):
        assert f"`{name}(" in page or f"`{name} {{" in page, name
    for name in SETTINGS:
        assert f"`{name}`" in page, name
    for path in (ROOT / "kspec" / "std").glob("*.kspec"):
        assert f"`std/{path.name}`" in page, path


def test_links_between_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_what_the_readme_shows_is_what_is_there(tmp_path, monkeypatch):
    """The report of a mistake, and lines of generated Python."""
    python, _ = blocks(ROOT / "README.md", "python")
    golden = (TESTS / "golden" / "digits" / "model.py").read_text(encoding="utf-8")
    assert python in golden
    text = (SPECS / "digits.kspec").read_text(encoding="utf-8")
    wrong = text.replace("crossentropy(label,", "crossentropy(labels,")
    (tmp_path / "digits.kspec").write_text(wrong, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kspec.SpecError) as caught:
        kspec.compile("digits.kspec")
    assert caught.value.render() + "\n" in blocks(ROOT / "README.md", "")


def test_the_page_of_passes_has_them_all_in_their_order():
    from kspec.passes import PIPELINE

    page = (ROOT / "docs" / "passes.md").read_text(encoding="utf-8").split("## What was")[0]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [run.__name__ for run in PIPELINE]
