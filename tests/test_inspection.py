"""The last look at a program before it runs: ours pass, tampered ones do not (E609)."""

from __future__ import annotations

import re

import pytest

import kspec
from kspec.diagnostics import SpecError
from kspec.planning import extern_plans
from kspec.runtime.executable import load_python
from kspec.runtime.inspection import forbidden_part
from tests.conftest import TESTS
from tests.test_docs import EXAMPLES
from tests.test_language import CASES as LANGUAGE
from tests.test_layers import CASES as LAYERS

PROGRAMS = sorted((TESTS / "golden").glob("*/model.py"))
DIGITS = (TESTS / "golden" / "digits" / "model.py").read_text(encoding="utf-8")
STATEMENTS = [
    *("import os", "import jax.experimental", "from os import system", "import subprocess as sp"),
    *("import jax as np", "from jax import numpy", "from . import x", "import builtins"),
    *("__import__('os').system('true')", "eval('1')", "exec('1')", "open('/tmp/x', 'w')"),
    *("getattr(jax, 'debug')", "globals()", "locals()", "vars()", "breakpoint()", "input()"),
    *("compile('1', '', 'eval')", "print('x')", "setattr(jax, 'x', 1)", "delattr(jax, 'x')"),
    *("jax.debug.callback(len)", "jax.pure_callback(len, None)", "jax.experimental"),
    *("jax.ffi.ffi_call('x', None)", "jax.config.update('x', 1)", "jax.profiler.start_trace('x')"),
    *("jax.ffi", "call = jax.ffi.ffi_call", "jax.ffi.ffi_call(*('kspec_conv', None))"),
    *("jax.ffi.ffi_call('kspec_conv', None, custom_call_api_version=1)", "jax.ffi.ffi_call('')"),
    *("jax.ffi.ffi_call('kspec_conv' + 'x', None, vmap_method='expand_dims')",),
    *("jax.ffi.ffi_lowering('kspec_conv', None, vmap_method='sequential')",),
    *("jnp.ffi.ffi_call('kspec_conv', None, vmap_method='sequential')",),
    *("jax.monitoring", "jax.distributed", "jnp.load('x')", "jnp.save('x', 1)", "jnp.tofile"),
    *("jnp.zeros(3).tofile('x')", "optax.__builtins__", "jax.lax.__loader__", "jnp.memmap"),
    *("().__class__.__bases__", "(lambda: 0).__globals__", "jax.__dict__", "jnp._x"),
    *("raise ValueError", "assert True", "while True:\n    pass", "for i in range(3):\n    pass"),
    *("try:\n    x = 1\nexcept ValueError:\n    x = 2", "with x:\n    pass", "global x"),
    *("async def f():\n    await g()", "class __X:\n    pass", "def __init__():\n    return 1"),
    *("y = (z := 3)", "x = yield 3", "match 1:\n    case 1:\n        pass"),
    *("x: __import__('os') = 1", "f'{open}'", "undefined_name", "del __builtins__"),
]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.parent.name)
def test_generated_programs_pass(path):
    assert forbidden_part(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("text", [*EXAMPLES, *(case.given for case in (*LAYERS, *LANGUAGE))])
def test_every_program_that_compiles_passes(text):
    try:
        program = kspec.compile_text(text, folder=TESTS / "language", allow_extern=True)
    except SpecError:
        return
    externs: dict[str, frozenset[str]] = {}
    for plan in extern_plans(program.compiled):
        externs[plan.module] = externs.get(plan.module, frozenset()) | {plan.function}
    assert forbidden_part(program.source, externs) is None


@pytest.mark.parametrize("place", ["top", "end", "function", "branch"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_tampered_programs_do_not_run(statement: str, place: str):
    if place == "top":
        text = f"{statement}\n{DIGITS}"
    elif place == "end":
        text = f"{DIGITS}\n{statement}\n"
    else:
        indented = statement.replace("\n", "\n    ")
        if place == "branch":
            indented = "if True:\n        " + statement.replace("\n", "\n        ")
        text = re.sub(r'(def init\(key\):\n    """.*?"""\n)', rf"\1    {indented}\n", DIGITS)
        assert text != DIGITS
    with pytest.raises(SpecError) as caught:
        load_python(text, "model.py")
    assert [d.code for d in caught.value.diagnostics] == ["E609"]


def test_there_are_two_hundred_tampered_programs():
    assert 4 * len(STATEMENTS) >= 200


def test_a_changed_run_folder_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "model Net {\n  input x : f32[2]\n  output y = x -> dense(1)\n}\n"
    (tmp_path / "net.kspec").write_text(text, encoding="utf-8")
    from tests.test_cli import kspec as command

    command("compile", "net.kspec", cwd=tmp_path)
    model = tmp_path / "build" / "net" / "model.py"
    model.write_text(model.read_text("utf-8") + "\nimport os\n", encoding="utf-8")
    from kspec.build import bundle_of
    from kspec.runtime.run import Run

    with pytest.raises(SpecError, match="E609"):
        Run(bundle_of(tmp_path / "build" / "net"))


@pytest.mark.parametrize("text", ["\0", "def f(:", "(" * 10_000, "x = " + "-" * 100_000 + "1"])
def test_what_is_no_python_is_refused(text):
    reason = forbidden_part(text)
    assert reason is not None and reason.startswith("it is not Python")
