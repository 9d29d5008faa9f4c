"""Colors: the Pygments lexer and the TextMate grammar see every token of every spec."""

from __future__ import annotations

import json
import re

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import Error, Keyword, Name, Number, Operator

from kspec.syntax.parser import KEYWORDS
from tests.conftest import SPECS, TESTS

FILES = sorted([*SPECS.glob("*.kspec"), *(TESTS.parent / "kspec").rglob("*.kspec")])
EDITOR = TESTS.parent / "editors" / "vscode"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_lexer_colors_every_spec(path):
    text = path.read_text(encoding="utf-8")
    tokens = list(get_lexer_by_name("kspec").get_tokens(text))
    assert "".join(value for _, value in tokens) == text
    assert not [value for kind, value in tokens if kind in Error]


def test_the_lexer_tells_tokens_apart():
    tokens = list(get_lexer_by_name("kspec").get_tokens("model Net {\n  input x : f32[8]  # in\n}"))
    found = {value: kind for kind, value in tokens}
    assert found["model"] is Keyword.Declaration
    assert found["Net"] is Name.Class
    assert found["input"] is Keyword
    assert found["f32"] is Keyword.Type
    assert found["8"] is Number
    assert (
        dict((v, k) for k, v in get_lexer_by_name("kspec").get_tokens("a -> b"))["->"] is Operator
    )


def test_the_grammar_of_editors_knows_every_keyword():
    grammar = json.loads((EDITOR / "syntaxes/kspec.tmLanguage.json").read_text(encoding="utf-8"))
    patterns = [each.get("match", each.get("begin")) for each in grammar["patterns"]]
    for keyword in KEYWORDS:
        line = f"{keyword} Some {{"
        assert any(re.search(pattern, line) and keyword in pattern for pattern in patterns), keyword
    manifest = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))
    (entry,) = manifest["contributes"]["grammars"]
    assert (EDITOR / entry["path"]).is_file()
    assert entry["scopeName"] == grammar["scopeName"]
    assert (EDITOR / manifest["main"]).is_file()
    (language,) = manifest["contributes"]["languages"]
    assert (EDITOR / language["configuration"]).is_file()
