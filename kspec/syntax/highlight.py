"""A Pygments lexer, registered as `kspec`: specs in color in docs, notebooks and terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from pygments import lexer
from pygments.lexer import RegexLexer, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
)

bygroups = cast("Any", lexer).bygroups
DECLARATIONS = ("import", "extern", "param", "data", "block", "model", "train", "phase")
STATEMENTS = (
    *("input", "output", "share", "weight", "repeat", "if", "else", "in", "from"),
    *("load", "freeze", "unfreeze", "augment", "and", "or", "not"),
)
CONSTANTS = ("true", "false", "none")
TYPES = (
    *("f32", "bf16", "f16", "i32", "i16", "i8", "u32", "u16", "u8"),
    *("bool", "class", "str", "int", "float"),
)


class KspecLexer(RegexLexer):
    """Colors specs."""

    name = "kspec"
    aliases: ClassVar[Sequence[str]] = ["kspec"]
    filenames: ClassVar[Sequence[str]] = ["*.kspec"]

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"#[^\n]*", Comment.Single),
            (r'"(?:[^"\\\n]|\\[^\n])*"', String.Double),
            (
                r"([0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?)(%|[A-Za-z_]\w*)?",
                bygroups(Number, Keyword.Type),
            ),
            (
                r"\b(data|block|model|phase|param)(\s+)(\w+)",
                bygroups(Keyword.Declaration, Text, Name.Class),
            ),
            (words(DECLARATIONS, prefix=r"^\s*", suffix=r"\b"), Keyword.Declaration),
            (words(STATEMENTS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(CONSTANTS, prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (
                rf"(:)(\s*)({'|'.join(TYPES)})\b",
                bygroups(Punctuation, Text, Keyword.Type),
            ),
            (r"[A-Za-z_]\w*(?=\s*\()", Name.Function),
            (r"[A-Za-z_]\w*", Name),
            (r"->|\.\.\.|\.\.|\*\*|//|==|!=|<=|>=|[-+*/@<>=]", Operator),
            (r"[:,.(){}\[\]]", Punctuation),
            (r"\s+", Text),
        ]
    }
