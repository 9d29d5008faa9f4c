"""Parsing: the grammar is sound, any text is survived, and a tree prints as its own text."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, UnexpectedInput

from kspec.diagnostics import Source, Span, SpecError
from kspec.diagnostics.record import Node
from kspec.syntax import parse, parse_expression, print_spec, tables
from kspec.syntax.lines import LimitReached, Lines
from kspec.syntax.printer import print_expr
from tests.conftest import SPECS, TESTS

FILES = sorted([*SPECS.glob("*.kspec"), *(TESTS / "errors").glob("*.kspec")])


def test_the_grammar_has_no_conflicts_and_no_ambiguous_terminals():
    grammar = (resources.files("kspec") / "grammar.lark").read_text(encoding="utf-8")
    for start in ("spec", "expr"):
        Lark(grammar, start=start, parser="lalr", strict=True, postlex=Lines())


def plain(node: object) -> object:
    """A tree without its places."""
    if isinstance(node, (Span, Source)):
        return None
    if isinstance(node, Node):
        values = (getattr(node, name) for name in node.__match_args__)
        return (type(node).__name__, *map(plain, values))
    if isinstance(node, tuple):
        return tuple(plain(each) for each in node)
    return node


def parsed(text: str):
    """The tree of a text without its places."""
    return plain(parse(Source("x.kspec", text)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_printing_and_parsing_are_inverse(file):
    text = file.read_text(encoding="utf-8")
    try:
        tree = parse(Source(file.name, text))
    except SpecError:
        return  # the report of the mistake has its own test
    printed = print_spec(tree)
    assert parsed(printed) == plain(tree)
    assert print_spec(parse(Source(file.name, printed))) == printed


NAMES = st.sampled_from(["x", "width", "relu", "T", "input", "data", "x_1"])
ATOMS = st.one_of(
    NAMES,
    st.integers(0, 2**40).map(str),
    st.sampled_from(["0.5", "1e-3", "80%", "8GiB", "1_000", "true", "none", '"a\\n\\"b"']),
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every form of expression around smaller ones."""
    operator = st.sampled_from(["+", "-", "*", "/", "//", "@", "**", "<", "==", "->"])
    several = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, operator, inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        inner.map(lambda e: f"-({e})"),
        st.tuples(NAMES, several).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(NAMES, NAMES, inner).map(lambda p: f"{p[0]}({p[1]}={p[2]})"),
        several.map(lambda items: f"[{items}]"),
        several.map(lambda items: f"({items},)"),
        st.tuples(NAMES, inner).map(lambda p: f"{{ {p[0]}: {p[1]} }}"),
    )


@given(st.recursive(ATOMS, compound, max_leaves=12))
@settings(max_examples=150, deadline=None)
def test_expressions_print_as_they_parse(text):
    tree = parse_expression(Source("e", text))
    printed = print_expr(tree)
    assert plain(parse_expression(Source("e", printed))) == plain(tree)


STATEMENTS = ["model M {", "input x : f32[3]", "output y = x", "train {", "loss =", "data d {"]
PIECES = st.sampled_from([*STATEMENTS, *'}()[]{\n#"@é\t=,:', "->", "dense(10)", "8GB", "..."])


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_tree_or_a_report(text):
    source = Source("x.kspec", text)
    try:
        parse(source)
    except SpecError as error:
        assert error.diagnostics
        for each in error.diagnostics:
            assert each.span is not None
            assert 0 <= each.span.start <= each.span.end <= len(text)
        shown = error.render()
        assert "Traceback" not in shown
        for terminal in ("_NL", "RPAR", "LBRACE", "NAME", "$END"):
            assert terminal not in shown.replace(text, "")


def test_long_and_deep_texts_are_refused_at_once():
    with pytest.raises(SpecError, match="E004"):
        parse(Source("x.kspec", "a" * (2**20 + 1)))
    deep = "model M {\n  output y = " + "(" * 5_000 + ")" * 5_000 + "\n}\n"
    with pytest.raises(SpecError, match="E003"):
        parse(Source("x.kspec", deep))
    long = "model M {\n  output y = x" + " + x" * 5_000 + "\n}\n"
    with pytest.raises(SpecError, match="E003"):
        parse(Source("x.kspec", long))


def test_statements_end_at_the_line_and_arrows_go_on():
    one = parsed("model M {\n  input x : f32[3]\n  output y = x -> relu -> dense(3)\n}\n")
    two = parsed(
        "model M {  # a comment\n\n  input x : f32[3]\n"
        "  output y = x\n    -> relu  # another\n\n    # and a line of it\n    -> dense(\n"
        "      3,\n    )\n}"
    )
    assert one == two


def test_an_empty_text_is_an_empty_spec():
    assert parse(Source("x.kspec", "")).declarations == ()
    assert parse(Source("x.kspec", "# nothing\n\n")).declarations == ()


def test_windows_line_ends_are_read_by_the_file_reader(tmp_path):
    import kspec

    text = (SPECS / "digits.kspec").read_text(encoding="utf-8")
    (tmp_path / "digits.kspec").write_bytes(text.replace("\n", "\r\n").encode())
    assert kspec.compile(tmp_path / "digits.kspec").source


def test_the_shipped_tables_are_those_of_the_grammar(updating):
    """`pytest --update-golden` makes them anew after a change of the grammar."""
    shipped = json.loads(tables.TABLES.read_text(encoding="utf-8"))
    if shipped["made_from"] != tables.origin() and updating:
        tables.TABLES.write_text(tables.tables(), encoding="utf-8")
        return
    assert shipped["made_from"]["grammar"] == tables.origin()["grammar"], "--update-golden"


@pytest.fixture(scope="module")
def both_parsers():
    """The one that ships, and one made from the grammar, which takes a second."""
    return tables.load(Lines()), tables.build(Lines())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shipped_tables_and_the_grammar_give_the_same_parser(file, both_parsers):
    def outcome(parser) -> str:
        try:
            return parser.parse(file.read_text(encoding="utf-8"), start="spec").pretty()
        except LimitReached as error:
            return str(error)
        except UnexpectedInput as error:
            expected = sorted(getattr(error, "accepts", None) or getattr(error, "allowed", ()))
            return f"{type(error).__name__} {error.line} {error.column} {expected}"

    shipped, built = both_parsers
    assert outcome(shipped) == outcome(built)
