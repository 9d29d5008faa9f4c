"""The house: who imports whom, how long things are, and that everything has its case."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from kspec.codegen.helpers import HOMES
from kspec.passes import PIPELINE
from kspec.registry import INDEX, PACKAGES, index, names
from kspec.runtime import inspection, libraries
from tests.conftest import SPECS, TESTS

ROOT = TESTS.parent
PACKAGE = ROOT / "kspec"
FILES = sorted(PACKAGE.rglob("*.py"))
BUDGET, HARD_LIMIT = 300, 500
LONGEST_FUNCTION = 50
OVER_BUDGET = {  # files above 300 lines, each with its reason
    "syntax/tree.py": "one table",
}

# Each layer may import itself and what stands before it.
VOCABULARY = {"layers", "losses", "metrics", "optimizers", "activations", "initializers", "ops"}
VOCABULARY |= {"schedules", "callbacks", "regularizers", "constraints"}
LAYERS: list[set[str]] = [
    {"diagnostics"},
    {"ir", "files", "sources", "scripts", "garbage"},
    {"registry", "syntax"},
    {"helpers", "kernels"},
    {"initializers", "activations", "ops", "schedules", "regularizers", "constraints"},
    VOCABULARY | {"data"},
    {"externs"},
    {"plan"},
    {"plan_text"},
    {"estimate"},
    {"passes", "codegen", "elaborate", "graph"},
    {"tuned"},
    {"compiler"},
    {"flops"},
    {"planning", "scored", "compare", "origins", "reference", "explain", "resources"},
    {"runtime"},
    {"api", "build"},
    {"lsp"},
    {"commands"},
    {"cli", "__init__", "__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# The compiler proper, which must start at once.
NO_JAX = {"diagnostics", "ir", "registry", "syntax", "passes", "codegen", "elaborate", "graph"}
NO_JAX |= VOCABULARY | {
    "compiler",
    "externs",
    "plan",
    "plan_text",
    "planning",
    "scored",
    "sources",
    "scripts",
    "estimate",
    "resources",
    "explain",
    "cli",
    "commands",
    "files",
    "garbage",
    "__init__",
    "__main__",
    "api",
    "build",
    "tuned",
}
HEAVY = {"jax", "jaxlib", "optax", "orbax", "safetensors"}


def part(path: Path) -> str:
    """The layer that a file belongs to: its folder, or its own name."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path, *, at_once: bool = False) -> set[str]:
    """Modules that a file imports; `at_once` leaves out what functions import when called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        lazy = isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        )
        if at_once and lazy:
            skipped |= set(ast.walk(node)) - {node}
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path):
    rank = RANK[part(path)]
    for module in imports(path, at_once=True):
        if module.startswith("kspec."):
            other = module.split(".")[1]
            assert RANK[other] <= rank, f"{part(path)} must not import {module}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if part(p) in NO_JAX], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_compiler_does_not_import_jax(path: Path):
    found = {module.split(".")[0] for module in imports(path, at_once=True)}
    assert not found & (HEAVY | {"numpy", "rich"})
    assert not {m for m in imports(path, at_once=True) if m.startswith("kspec.runtime")}


@pytest.mark.parametrize(
    "code",
    [
        "import kspec; kspec.compile('specs/digits.kspec').source",
        "import kspec; kspec.compile('specs/mnist.kspec').ir('after:elaborate')",
        "from kspec.cli import main; main(['--help'], standalone_mode=False)",
        "from kspec.cli import main; main(['check', 'specs/digits.kspec'], standalone_mode=False)",
        "from kspec.cli import main; main(['ir', 'specs/digits.kspec'], standalone_mode=False)",
        "import kspec; kspec.compile('tests/errors/E617_extern_that_is_not_allowed.kspec', "
        "allow_extern=True).source",
        "from kspec.cli import main; main(['plan', 'specs/digits.kspec'], standalone_mode=False)",
    ],
)
def test_compiling_loads_no_jax(code: str):
    code += "\nimport sys; print([m for m in ('jax', 'jaxlib', 'numpy') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_files_of_helpers_and_kernels_call_theirs_is_there_once():
    """A generated file may have all of them."""
    texts: dict[str, set[str]] = {}
    for home in HOMES:
        for path in (PACKAGE / home).glob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                match node:
                    case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                        texts.setdefault(name, set()).add(ast.unparse(node))
                    case ast.Assign(targets=[ast.Name(id=name)]):
                        texts.setdefault(name, set()).add(ast.unparse(node))
                    case _:
                        pass
    assert [name for name, all in texts.items() if len(all) > 1] == ["reference"]


def test_programs_may_call_all_functions_in_cpp_and_no_others():
    sources = [path.read_text(encoding="utf-8") for path in libraries.HOME.glob("*.cc")]
    assert {
        name for source in sources for name in libraries.HANDLER.findall(source)
    } == inspection.CALLS


@pytest.mark.parametrize("path", sorted(libraries.HOME.glob("*.[ch]*")), ids=lambda path: path.name)
def test_files_in_cpp_are_short(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= BUDGET and max(map(len, lines)) <= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_are_short_and_documented(path: Path):
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    name = path.relative_to(PACKAGE).as_posix()
    assert lines <= (HARD_LIMIT if name in OVER_BUDGET else BUDGET)
    assert lines > BUDGET or name not in OVER_BUDGET, "it is short enough now"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"line {node.lineno}"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: p.stem)
def test_tests_are_short_and_documented(path: Path):
    text = path.read_text(encoding="utf-8")
    if "golden" not in path.parts:
        assert text.count("\n") <= BUDGET
        assert ast.get_docstring(ast.parse(text))


def test_the_index_of_the_vocabulary_has_every_name(golden):
    golden(INDEX, index())


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_name_is_found_without_the_others(kind):
    """In a process of its own: here all are there already."""
    last = list(names(kind))[-1]
    code = f"from kspec import registry; cls = registry.lookup({kind!r}, {last!r})\n"
    code += f"assert cls.name == {last!r} and registry.lookup({kind!r}, 'no_such') is None\n"
    code += f"assert not registry._loaded; assert registry.names({kind!r})[{last!r}] is cls"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_pass_is_a_file_with_before_and_after():
    for run in PIPELINE:
        path = PACKAGE / "passes" / f"{run.__name__}.py"
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert "Before" in doc and "After" in doc, run.__name__
        assert (TESTS / "passes" / f"{run.__name__}.case").is_file()


def test_everything_has_its_case():
    assert {p.stem for p in (TESTS / "layers").glob("*.case")} == set(names("layer"))
    assert {p.stem for p in (TESTS / "passes").glob("*.case")} == {r.__name__ for r in PIPELINE}
    assert {p.name for p in (TESTS / "golden").iterdir()} == {p.stem for p in SPECS.glob("*.kspec")}
    for kind in PACKAGES:
        assert names(kind), kind


def test_kinds_of_the_vocabulary_are_folders():
    for package in PACKAGES.values():
        assert (ROOT / Path(*package.split("."))).is_dir()


def test_helpers_and_kernels_each_define_the_function_of_their_name():
    for path in (path for home in HOMES for path in (PACKAGE / home).glob("*.py")):
        if path.stem != "__init__":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert path.stem in {n.name for n in body if isinstance(n, ast.FunctionDef)}
