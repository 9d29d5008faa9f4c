"""Feed bytes to the compiler; anything but a report or a sound program is a finding.

    python -m tests.fuzz.target FOLDER [libFuzzer's options]

FOLDER gets the seeds, `seeds`, and the words of the grammar and the vocabulary, `words.dict`;
what reached new branches is kept in `found`, and a finding ends the run with its traceback
and its bytes, `crash-...`, which `python -m tests.fuzz.target FOLDER FILE` feeds again.
Needs the extra `fuzz`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import resources
from pathlib import Path

import atheris

# Modules are instrumented when they are imported, and most are when they are needed: the
# tests that go through the whole compiler are imported here, and one spec is compiled.
with atheris.instrument_imports(include=["kspec"]):
    from kspec.registry import PACKAGES, names
    from tests.attacks import corpus
    from tests.cases import read_cases
    from tests.conftest import SPECS, TESTS
    from tests.test_fuzz import survive

    VOCABULARY = sorted({name for kind in PACKAGES for name in names(kind)})
    survive((SPECS / "digits.kspec").read_text(encoding="utf-8"))

LONGEST_SEED = 4096  # bytes: longer ones are for tests/attacks, and would slow all others down
WORDS = [
    *(
        "f32",
        "i32",
        "u8",
        "bool",
        "class[10]",
        "str",
        "f32[B, 8]",
        "[..., D]",
        "[..50]",
        "x[1:3, -1]",
    ),
    *("true", "none", "and", "or", "not", "in", "else", "80%", "20deg", "8GiB", "5epochs"),
    *('"same"', "\n  output y = ", "x -> ", "model N {", "input x : f32[8]", "repeat 2 {"),
    *("if true {", "**.a", 'extern "ops.py:swish" : f32[..., D] -> f32[..., D]\n'),
]


def try_bytes(data: bytes) -> None:
    """Do all that the compiler does with what the bytes say, read as a file is."""
    text = data.decode("utf-8", errors="replace")
    survive(text.replace("\r\n", "\n").replace("\r", "\n"))


def seeds() -> list[str]:
    """Specs of the project and of its tests."""
    texts = [
        path.read_text(encoding="utf-8")
        for folder in (SPECS, TESTS / "errors", TESTS / "lints", TESTS / "peers")
        for path in sorted(folder.glob("*.kspec"))
    ]
    for folder in ("language", "layers"):
        for file in sorted((TESTS / folder).glob("*.case")):
            texts += [case.given for case in read_cases(file)]
    texts += [*corpus.injections().values(), *corpus.unreadable().values()]
    return [text for text in texts if len(text) <= LONGEST_SEED]


def words() -> list[str]:
    """What a mutation may write: the grammar's own words, and the vocabulary."""
    tables = json.loads((resources.files("kspec") / "grammar.json").read_text(encoding="utf-8"))
    terminals = (each["pattern"] for each in tables["memo"].values() if "pattern" in each)
    fixed = [each["value"] for each in terminals if each["__type__"] == "PatternStr"]
    return sorted({*fixed, *VOCABULARY, *WORDS})


def prepare(folder: Path) -> None:
    """Write the seeds and the dictionary."""
    for name in ("seeds", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for text in seeds():
        data = text.encode("utf-8", errors="replace")
        (folder / "seeds" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    entries = "".join(f'"{_quoted(word)}"\n' for word in words())
    (folder / "words.dict").write_text(entries, encoding="utf-8")


def _quoted(word: str) -> str:
    """A word as libFuzzer's dictionaries have it."""
    plain = {byte for byte in range(32, 127)} - set(b'"\\')
    return "".join(chr(b) if b in plain else f"\\x{b:02x}" for b in word.encode())


def main() -> None:
    """Fuzz until an option, or a finding, ends it."""
    folder, *options = Path(sys.argv[1]).absolute(), *sys.argv[2:]
    assert isinstance(folder, Path)
    prepare(folder)
    if not any(Path(option).is_file() for option in options):
        options = [f"-dict={folder}/words.dict", *options, f"{folder}/found", f"{folder}/seeds"]
    command = [sys.argv[0], f"-artifact_prefix={folder}/", f"-max_len={LONGEST_SEED}", *options]
    atheris.Setup(command, try_bytes)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
