"""The IR's text: everything that can be shown reads back, and bad text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.ir import read, show
from kspec.ir.core import Call, Func, Module, Op, Phase, TrainSettings, Value, Weight
from kspec.ir.read import BadText
from kspec.ir.types import JAX_DTYPES, TensorType

WORDS = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: word not in ("true", "false", "none", "inf", "nan")
)
ATTRS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)
DIMS = st.integers(1, 2**31 - 1) | st.sampled_from(["B", "T", "height"])
TYPES = st.builds(
    TensorType, st.sampled_from([*JAX_DTYPES, "key"]), st.lists(DIMS, max_size=4).map(tuple)
)
INNER = st.builds(Call, WORDS, st.dictionaries(WORDS, ATTRS, max_size=2))
CALLS = st.builds(Call, WORDS, st.dictionaries(WORDS, ATTRS | INNER, max_size=3))


PATHS = st.lists(WORDS, max_size=2).map(tuple)
PHASES = st.builds(
    Phase,
    st.just("") | WORDS,
    st.integers(1),
    CALLS,
    st.lists(st.tuples(CALLS, PATHS), max_size=2).map(tuple),
    PATHS,
    st.booleans(),
    st.lists(CALLS, max_size=2).map(tuple),
)


@st.composite
def modules(draw: st.DrawFn) -> Module:
    """Modules of any ops, types and attributes, sound in their names alone."""
    paths = draw(st.lists(WORDS, max_size=3, unique=True))
    weights = tuple(
        Weight(Value(f"{path}.kernel", draw(TYPES)), draw(CALLS), draw(st.booleans()))
        for path in paths
    )
    params = tuple(Value(f"p{i}", draw(TYPES)) for i in range(draw(st.integers(0, 3))))
    known = [*(weight.value for weight in weights), *params]
    ops: list[Op] = []
    for index in range(draw(st.integers(0, 4))):
        args = tuple(draw(st.lists(st.sampled_from(known), max_size=2))) if known else ()
        results = tuple(
            Value(f"v.{index}{part}", draw(TYPES)) for part in range(draw(st.integers(1, 2)))
        )
        ops.append(Op(draw(WORDS), args, results, draw(st.dictionaries(WORDS, ATTRS, max_size=3))))
        known += results
    returns = tuple((f"output.r{i}", value) for i, value in enumerate(known[:2]))
    train = draw(
        st.none()
        | st.builds(
            TrainSettings,
            st.integers(1),
            st.lists(PHASES, min_size=1, max_size=2).map(tuple),
            st.integers(0),
            st.booleans(),
            st.just(()) | st.just((("base", "vgg16.safetensors"),)),
        )
    )
    return Module("m", weights, (Func("graph", params, tuple(ops), returns),), train)


@given(modules())
@settings(max_examples=200, deadline=None)
def test_what_is_shown_reads_back(module):
    text = show(module)
    again = read(text)
    assert show(again) == text
    for before, after in zip(module.funcs[0].ops, again.funcs[0].ops, strict=True):
        assert (after.name, repr(dict(sorted(after.attrs.items())))) == (
            before.name,
            repr(dict(sorted(before.attrs.items()))),
        )
        assert [value.type for value in after.results] == [value.type for value in before.results]


GOOD = "module m\n\nfunc f(%x: f32[B,8]) {\n  %y = relu(%x) : f32[B,8]\n  return a=%y\n}\n"
BAD = [
    ("", "line 1: expected module"),
    (GOOD.replace("module", "modul"), "line 1: expected module"),
    (GOOD.replace("(%x)", "(%z)"), "line 4: expected a value that is defined above"),
    (GOOD.replace(": f32[B,8]\n  return", ": f99[B,8]\n  return"), "line 4: expected an element"),
    (GOOD.replace("relu(", "relu["), "line 4"),
    (GOOD.replace("}", ""), "expected }"),
    (GOOD + "&", "line 7: '&' means nothing here"),
    (GOOD + "weight", "line 7: expected `weight` or `func`"),
    (GOOD.replace("%y = ", "%y, %z = "), "expected 2 types"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_bad_text_is_refused_with_its_line(text, reason):
    with pytest.raises(BadText) as caught:
        read(text)
    assert reason in str(caught.value)


@given(st.text(max_size=80) | st.lists(st.sampled_from(GOOD.split()), max_size=15).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_module_or_bad(text):
    try:
        module = read(text)
    except BadText:
        return
    assert show(read(show(module))) == show(module)


def test_places_are_shown_when_asked_for():
    import kspec
    from tests.conftest import SPECS

    module = kspec.compile(SPECS / "digits.kspec").compiled.module
    shown = show(module, spans=True)
    assert "digits.kspec:12" in shown
    assert show(read(shown)) == show(module)
