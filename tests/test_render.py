"""Reports of mistakes: places, labels, long lines, wide characters, colour."""

from __future__ import annotations

from typing import ClassVar

from kspec.diagnostics import Diagnostic, Label, Source, Span, SpecError
from kspec.diagnostics.render import render
from kspec.diagnostics.suggest import closest


class Sample(Diagnostic):
    """A mistake for these tests."""

    code: ClassVar[str] = "E999"
    title: ClassVar[str] = "`{what}` is wrong"
    label: ClassVar[str] = "this"
    note: ClassVar[str] = "a note"
    help: ClassVar[str] = "write {what}"

    what: str = "it"


def at(text: str, word: str, labels: dict[str, str] | None = None) -> str:
    """A report at a word of a text."""
    source = Source("a.kspec", text)

    def span(each: str) -> Span:
        start = text.index(each)
        return Span(source, start, start + len(each))

    second = tuple(Label(span(word), label) for word, label in (labels or {}).items())
    return render(Sample(span=span(word), labels=second))


def test_a_place_a_label_a_note_and_a_help():
    assert at("one\n  two three\n", "three") == (
        "error[E999]: `it` is wrong\n"
        " --> a.kspec:2:7\n"
        "  |\n"
        "2 |   two three\n"
        "  |       ^^^^^ this\n"
        "  |\n"
        "  = note: a note\n"
        "  = help: write it"
    )


def test_labels_of_one_line_share_its_snippet():
    shown = at("a = b -> c\n", "c", {"b": "gives b"})
    assert shown.count("a = b -> c") == 1
    assert "gives b" in shown


def test_labels_of_other_lines_come_in_the_order_of_the_text():
    shown = at("first\nmiddle\n\n\nlast\n", "last", {"first": "here"})
    lines = shown.splitlines()
    assert lines.index("1 | first") < lines.index("5 | last")
    assert "..." in lines


def test_places_under_wide_and_combining_characters_line_up():
    shown = at("名前 = oops\n", "oops").splitlines()
    line = next(i for i, text in enumerate(shown) if "oops" in text and "|" in text)
    # The first column of the marks is that of the word: wide characters take two columns.
    assert shown[line + 1].index("^") == shown[line].index("oops") + 2


def test_control_characters_of_the_text_are_not_sent_to_the_terminal():
    shown = at("a \x1b[31m b\n", "b")
    assert "\x1b" not in shown
    assert "\\u001b" in shown or "\\x1b" in shown


def test_a_long_line_is_cut_around_its_place():
    shown = at("x " * 400 + "oops" + " y" * 400, "oops")
    assert all(len(line) < 200 for line in shown.splitlines())
    assert "oops" in shown


def test_a_place_of_several_lines_is_marked_on_its_first():
    source = Source("a.kspec", "f(\n  1,\n)\n")
    shown = render(Sample(span=Span(source, 0, 8)))
    assert "1 | f(" in shown
    assert "^^" in shown


def test_a_mistake_without_a_place_has_a_title_and_help():
    assert render(Sample(span=None)) == (
        "error[E999]: `it` is wrong\n  = note: a note\n  = help: write it"
    )


def test_colour_is_added_and_changes_no_text():
    import re

    source = Source("a.kspec", "one two\n")
    sample = Sample(span=Span(source, 4, 7))
    colored = render(sample, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(sample)


def test_several_mistakes_stand_apart():
    error = SpecError((Sample(span=None), Sample(span=None, what="that")))
    assert error.render().count("\n\n") == 1
    assert str(error) == "error[E999]: `it` is wrong\nerror[E999]: `that` is wrong"


def test_similar_names_are_found_and_others_are_not():
    names = ("dense", "dropout", "relu", "sgd", "x")
    assert closest("densse", names) == "dense"
    assert closest("Dense", names) == "dense"
    assert closest("desne", names) == "dense"
    assert closest("sdg", names) == "sgd"
    assert closest("y", names) is None
    assert closest("convolution", names) is None
