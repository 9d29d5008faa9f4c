"""Line ends between the lexer and the parser, and the limits that guard both.

A line end separates statements, except inside ( ) and [ ]. Limits are counted here, on
the stream of tokens, before any tree exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lark import Token

DEEPEST: Final = 64  # brackets inside brackets
MOST_OPERATORS: Final = 150  # in one statement, arrows included
_OPENING: Final = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSING: Final = {closing: opening for opening, closing in _OPENING.items()}
_OPERATORS: Final = frozenset(
    {"PLUS", "MINUS", "PRODUCT", "POWER", "COMPARE", "DOT", "AND", "OR", "NOT", "LSQB", "ELSE"}
)


class LimitReached(Exception):
    """A text is nested too deeply, or a statement is too long, to be read."""

    def __init__(self, token: Token, what: str, limit: int) -> None:
        super().__init__(what)
        self.token, self.what, self.limit = token, what, limit


class Lines:
    """Lark's post-lexer: drops the line ends that separate nothing.

    Attributes:
        stack: The brackets that are open; after an error, those open at its place.
    """

    always_accept: tuple[str, ...] = ("_NL",)

    def __init__(self) -> None:
        self.stack: list[Token] = []

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens that the parser sees."""
        self.stack = []
        operators = 0
        for token in stream:
            if token.type == "_NL":
                if self.stack and self.stack[-1].type != "LBRACE":
                    continue
                operators = 0
            self._bracket(token)
            operators += token.type in _OPERATORS or token.value == "->"
            if operators > MOST_OPERATORS:
                raise LimitReached(token, "operators in one statement", MOST_OPERATORS)
            yield token

    def _bracket(self, token: Token) -> None:
        if token.type in _OPENING:
            self.stack.append(token)
            if len(self.stack) > DEEPEST:
                raise LimitReached(token, "brackets inside brackets", DEEPEST)
        elif token.type in _CLOSING and self.stack and self.stack[-1].type == _CLOSING[token.type]:
            self.stack.pop()
