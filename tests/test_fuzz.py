"""Mutated specs: whatever the text, a report or a program comes, and what prints reads back."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

import kspec
from kspec.api import Program
from kspec.diagnostics import Source, SpecError
from kspec.ir import read, show
from kspec.planning import extern_plans
from kspec.runtime.inspection import forbidden_part
from kspec.syntax import parse, print_spec
from kspec.syntax.format import format_text
from tests.cases import read_cases
from tests.conftest import SPECS, TESTS
from tests.oracle.directed import DIRECTED, directed
from tests.oracle.generate import spec

SEEDS = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.kspec"))]
SEEDS += [path.read_text(encoding="utf-8") for path in sorted((TESTS / "lints").glob("*.kspec"))]
for FOLDER in ("language", "layers"):
    for FILE in sorted((TESTS / FOLDER).glob("*.case")):
        SEEDS += [case.given for case in read_cases(FILE)]
TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|\w+(?:\.\d+)?%?|->|\.\.\.?|\*\*|//|[<>=!]=|\s+|.')
WORDS = [
    *("0", "1", "-1", "2", "3", "1e9", "0.5", "80%", "true", "false", "none", '"same"', '""'),
    *("x", "y", "T", "B", "relu", "dense", "conv2d", "softmax", "mean", "concatenate", "flatten"),
    *("adam", "zeros", "f32", "i32", "class", "(", ")", "[", "]", "{", "}", ",", ":", "=", "->"),
    *("+", "@", "**", "/", "//", "..", "...", ".", "\n", "not", "and", "if", "else", "repeat"),
    *("input", "output", "share", "weight", "block", "model", "train", "data", "param", "in"),
    *("extern", "swish", '"ops.py:swish"', '"ops.py:scaled"'),
]


NUMBERS = ["0", "1", "-1", "2", "3", "7", "64", "1e9", "0.5", "80%", "8GiB", "9223372036854775807"]
NAMES = [word for word in WORDS if word.isidentifier()]


def alike(token: str, tokens: list[str], rng: random.Random) -> str:
    """Another token of the same kind, mostly from the same text."""
    if re.fullmatch(r"[A-Za-z_]\w*", token):
        return rng.choice([each for each in tokens if each.isidentifier()] + NAMES)
    return rng.choice(NUMBERS) if token[0].isdigit() else token


def mutated(rng: random.Random) -> str:
    """A seed with some tokens replaced by their like, or deleted, doubled, moved, spliced in."""
    tokens = TOKEN.findall(rng.choice(SEEDS))
    gently = rng.random() < 0.7
    for _ in range(rng.randint(1, 4)):
        places = [i for i, token in enumerate(tokens) if not token.isspace()] or [0]
        at, to = rng.choice(places), rng.choice(places)
        if gently:
            tokens[at : at + 1] = [alike(token, tokens, rng) for token in tokens[at : at + 1]]
            continue
        span = rng.choice([1, 1, 2, 5, 20])
        match rng.randrange(5):
            case 0:
                del tokens[at : at + span]
            case 1:
                tokens[at:at] = tokens[at : at + span]
            case 2:
                tokens[at : at + 1] = [rng.choice(WORDS)]
            case 3:
                other = TOKEN.findall(rng.choice(SEEDS))
                tokens[at:at] = other[to : to + span]
            case _:
                tokens[at : at + 1], tokens[to : to + 1] = tokens[to : to + 1], tokens[at : at + 1]
    return "".join(tokens)


def survive(text: str) -> str:
    """Everything that the compiler does with a text; says how far it came."""
    try:
        tree = parse(Source("<text>", text))
    except SpecError as error:
        assert error.render()
        return "parse"
    printed = print_spec(tree)
    assert print_spec(parse(Source("<text>", printed))) == printed
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert print_spec(parse(Source("<text>", formatted))) == printed
    try:
        program = kspec.compile_text(text, folder=TESTS / "language", allow_extern=True)
    except SpecError as error:
        assert error.render()
        return "check"
    for module in (stage.module for stage in program.compiled.stages.values()):
        assert show(read(show(module))) == show(module)
    assert forbidden_part(program.source, imports_of(program)) is None
    return "run"


def imports_of(program: Program) -> dict[str, frozenset[str]]:
    """The functions of Python files that a program may import, by module."""
    found: dict[str, frozenset[str]] = {}
    for plan in extern_plans(program.compiled):
        found[plan.module] = found.get(plan.module, frozenset()) | {plan.function}
    return found


def fuzz(seed: int, count: int) -> dict[str, int]:
    """How many of the texts came how far."""
    rng = random.Random(seed)
    reached = {"parse": 0, "check": 0, "run": 0}
    for _ in range(count):
        text = mutated(rng)
        try:
            reached[survive(text)] += 1
        except BaseException:
            print(f"--- the text\n{text}\n---")
            raise
    return reached


def test_a_thousand_mutations():
    reached = fuzz(seed=1, count=1_000)
    assert min(reached.values()) > 50, reached


def generated(count: int) -> Iterator[str]:
    """Specs that are right, of the generators that hold passes against an interpreter."""
    for seed in range(count):
        yield spec(seed).case().text
    for kind in DIRECTED:
        for seed in range(1 + count // 100):
            yield directed(kind, seed).case().text


def test_generated_specs_compile_and_read_back():
    assert {survive(text) for text in generated(30)} == {"run"}


@pytest.mark.long
def test_two_thousand_generated_specs():
    assert {survive(text) for text in generated(2_000)} == {"run"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_twenty_thousand_mutations(seed):
    fuzz(seed, 1_000)
