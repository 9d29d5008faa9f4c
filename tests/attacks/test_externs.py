"""Hostile externs: paths, names and files that must give a report, and never run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.runtime.executable import load_python
from kspec.runtime.inspection import forbidden_part
from kspec.scripts import LARGEST
from tests.attacks import corpus
from tests.test_fuzz import imports_of

TRAP = f"open({corpus.CANARY!r}, 'w').close()\n"
GOOD = f"{TRAP}def f(x):\n    return x\n"
NET = 'extern "{}" : f32[D] -> f32[D]\nmodel Net {{\n  input x : f32[8]\n  output y = x -> {}\n}}\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for specs, with links out of it, beside Python that it may not see."""
    folder = tmp_path / "specs"
    (folder / "folder.py").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for path in ("outside/ops.py", "ops.py", "specs/good.py"):
        (tmp_path / path).write_text(GOOD, encoding="utf-8")
    (folder / "link.py").symlink_to(tmp_path / "ops.py")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / "loop.py").symlink_to(folder / "loop.py")
    os.mkfifo(folder / "fifo.py")
    monkeypatch.chdir(folder)
    return folder


def refused(text: str, place: Path) -> set[str]:
    """The codes of the mistakes of a spec, of which nothing has run."""
    with pytest.raises(SpecError) as error:
        kspec.compile_text(text, folder=place, allow_extern=True)
    report = error.value.render()
    assert "Traceback" not in report and len(report) < 1_000_000
    assert not (place / corpus.CANARY).exists()
    assert not (place.parent / corpus.CANARY).exists()
    return {d.code for d in error.value.diagnostics}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "../ops.py",
            "folder/../../ops.py",
            "linked/ops.py",
            "link.py",
            "/etc/ops.py",
            "~/ops.py",
        ),
        *("//server/ops.py", "C:/ops.py", "C:ops.py", "file:///ops.py", "http://x/ops.py"),
        *("linked/../../ops.py", "loop.py", "fifo.py", "folder.py", "/dev/fd/0.py", ".py", "x.py"),
        *("a" * 5000 + ".py", "a/" * 2000 + "b.py", "..\\\\ops.py", "good\\n.py", "std/vgg16.py"),
        *("good.py ", "%67ood.py", "g\u043eod.py", "good.py\\\\..\\\\x.py", "\u2024\u2024/ops.py"),
    ],
)
def test_paths_lead_nowhere_else(path: str, place: Path):
    codes = refused(NET.format(f"{path}:f", "f"), place)
    assert codes <= {"E112", "E501", "E502", "E503"}


def test_a_real_path_leads_outside_only_by_a_way_that_is_seen(place: Path):
    """What is refused above is refused for its path: the same file inside is taken."""
    assert kspec.compile_text(NET.format("good.py:f", "f"), folder=place, allow_extern=True).source
    assert not (place / corpus.CANARY).exists()


@pytest.mark.parametrize(
    "name",
    [
        *("__import__", "os.system", "__class__", "_f", "f()", "f; import os", "f\\nimport os"),
        *("f as g", "*", "f,g", "lambda", "None", "\u0192", "\uff46", "f\u0301", "f\u200b", "1f"),
        *("__builtins__", "f.__globals__", "{f}", "f#", "f\\\\", "f ", " f", "exec", "open"),
        *("", "f:", "import", "f" * 100_000),
    ],
)
def test_names_are_names(name: str, place: Path):
    codes = refused(NET.format(f"good.py:{name}", "relu"), place)
    assert codes <= {"E112", "E110", "E005", "E008"}


FILES: dict[str, bytes] = {
    "nothing": b"",
    "a syntax error": b"def f(x:\n    return x\n",
    "null bytes": b"def f(x):\n    return x\n\0",
    "no UTF-8": b"def f(x):\n    return '\xff'\n",
    "UTF-16": "def f(x):\n    return x\n".encode("utf-16"),
    "another encoding": b"# coding: utf-7\ndef f(x):\n    return x\n",
    "an encoding that is not there": b"# coding: no-such\ndef f(x):\n    return x\n",
    "a huge file": GOOD.encode() + b"#" * LARGEST,
    "deep brackets": b"def f(x):\n    return x\ny = " + b"(" * 5_000 + b")" * 5_000,
    "many signs": b"def f(x):\n    return x\ny = " + b"-" * 200_000 + b"1",
    "many attributes": b"def f(x):\n    return x\ny = x" + b".a" * 200_000,
    "deep blocks": b"".join(b" " * n + b"if 1:\n" for n in range(200)),
    "in a class": b"class A:\n    def f(x):\n        return x\n",
    "in an if": b"if True:\n    def f(x):\n        return x\n",
    "in a try": b"try:\n    def f(x):\n        return x\nfinally:\n    pass\n",
    "in a function": b"def g():\n    def f(x):\n        return x\n",
    "a class": b"class f:\n    pass\n",
    "a lambda": b"f = lambda x: x\n",
    "an import": b"from os import system as f\n",
    "a coroutine": b"async def f(x):\n    return x\n",
    "bound again": b"def f(x):\n    return x\nfrom os import system as f\n",
    "bound again by a star": b"def f(x):\n    return x\nfrom os import *\n",
    "bound again in a loop": b"def f(x):\n    return x\nfor f in (1, 2):\n    pass\n",
    "bound again in an expression": b"def f(x):\n    return x\nprint(f := 3)\n",
    "bound again in a try": b"def f(x):\n    return x\ntry:\n    import os as f\nexcept:\n    1\n",
    "defined twice": b"def f(x):\n    return x\ndef f(x):\n    return -x\n",
    "deleted": b"def f(x):\n    return x\ndel f\n",
    "no operand": b"def f():\n    return 1\n",
    "a name that must be given": b"def f(x, *, y):\n    return x\n",
    "a neighbor": b"import good\ndef f(x):\n    return x\n",
    "a neighbor in a function": b"def f(x):\n    from good import f\n    return f(x)\n",
    "a relative import": b"from . import good\ndef f(x):\n    return x\n",
    "a folder of neighbors": b"import package.x\ndef f(x):\n    return x\n",
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_files_are_read_and_do_not_run(data: bytes, place: Path):
    (place / "package").mkdir()
    (place / "package" / "x.py").write_text("", encoding="utf-8")
    (place / "bad.py").write_bytes(TRAP.encode() + data if b"coding" not in data else data)
    codes = refused(NET.format("bad.py:f", "f"), place)
    assert codes <= {"E110", "E111", "E216", "E502"}


PROGRAM = kspec.compile_text(
    "model N {\n  input x : f32[2]\n  output y = x -> dense(1)\n}\n"
).source
ALLOWED = {"extern_ops": frozenset({"swish"})}


@pytest.mark.parametrize(
    "line",
    [
        *("import extern_ops", "from extern_ops import os", "from extern_ops import *"),
        *(
            "from extern_other import swish",
            "from os import swish",
            "from .extern_ops import swish",
        ),
        *("from extern_ops.os import swish", "from extern_ops import swish, os", "import os"),
        *("from extern_ops import swish as jax", "from extern_ops import swish as __builtins__"),
        *("from extern_ops import swish as open", "from extern_ops import swish as len"),
        *("from extern_ops import swish as _x", "import extern_ops as np", "import extern_ops.os"),
        *("from extern_ops import swish; import os", "swish.__globals__", "swish.__wrapped__"),
        *("def g():\n    from extern_ops import swish", "if True:\n    import extern_ops"),
    ],
)
def test_an_allowed_function_lets_nothing_else_through(line: str):
    assert forbidden_part(f"from extern_ops import swish\n{PROGRAM}", ALLOWED) is None
    assert forbidden_part(f"from extern_ops import swish as mine\n{PROGRAM}", ALLOWED) is None
    assert forbidden_part(f"from extern_ops import swish\n{PROGRAM}{line}\n", ALLOWED) is not None
    with pytest.raises(SpecError, match="E609"):
        load_python(f"{line}\n{PROGRAM}", "model.py", {"extern_ops": {"swish": abs}})


def test_no_extern_gets_through_that_is_not_planned():
    for allowed in ({}, {"os": frozenset({"system"})}, {"extern_x": frozenset({"swish"})}):
        for line in ("from extern_ops import swish", "from os import system"):
            assert forbidden_part(f"{line}\n{PROGRAM}", allowed) is not None


def test_names_of_functions_hide_nothing_of_the_program(place: Path):
    """Functions called like what a program needs get other names in it."""
    names = ["init", "predict", "jit", "vmap", "len", "open", "eval", "partial", "NamedTuple", "x"]
    names += ["softmax", "outputs", "zip", "exec", "y", "dense", "conv", "batch_normalize"]
    text = "".join(f"def {name}(x):\n    return x + 1\n\n\n" for name in names)
    (place / "ops.py").write_text(text, encoding="utf-8")
    spec = "".join(f'extern "ops.py:{name}" : f32[D] -> f32[D]\n' for name in names)
    chain = " -> ".join(name for name in names if name != "x")
    spec += f"model Net {{\n  input z : f32[2]\n  output out = z -> x -> {chain}\n}}\n"
    program = kspec.compile_text(spec, folder=place, allow_extern=True)
    assert forbidden_part(program.source, imports_of(program)) is None
    assert program.init().predict({"z": [[0.0, 1.0]]})["out"].tolist() == [[18.0, 19.0]]
