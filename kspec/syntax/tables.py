"""The parser's tables, made from the grammar once and shipped: building takes half a second.

`pytest --update-golden` writes `kspec/grammar.json` from `kspec/grammar.lark`. The file is
used where it was made by the very Lark that is installed, from the very grammar that is
there; else the tables are built, which gives the same parser.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

STARTS: Final = ("spec", "expr")
GRAMMAR: Final = Path(__file__).parent.parent / "grammar.lark"
TABLES: Final = GRAMMAR.with_suffix(".json")


def load(postlex: Any) -> Any:
    """The parser, as fast as it can be had. `postlex` sees its tokens."""
    if not TABLES.is_file():
        return build(postlex)
    stored = json.loads(TABLES.read_text(encoding="utf-8"))
    if stored["made_from"] != origin():
        return build(postlex)
    automaton = stored["data"]["parser"]["parser"]
    automaton["tokens"] = _numbered(automaton["tokens"])
    states = _numbered(automaton["states"])
    automaton["states"] = {state: _numbered(actions) for state, actions in states.items()}
    make: Any = getattr(Lark, "_load_from_dict")  # noqa: B009 - as Lark's own tool does
    return make(stored["data"], _numbered(stored["memo"]), postlex=postlex)


def build(postlex: Any) -> Any:
    """The parser, from the grammar."""
    options: Any = {"parser": "lalr", "maybe_placeholders": True, "propagate_positions": True}
    return Lark(GRAMMAR.read_text(encoding="utf-8"), start=list(STARTS), postlex=postlex, **options)


def tables() -> str:
    """The text of `grammar.json`."""
    parser = build(None)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    stored = {"made_from": origin(), "data": data, "memo": memo}
    return json.dumps(stored, separators=(",", ":"), sort_keys=True) + "\n"


def origin() -> dict[str, str]:
    """What tables made now would be made from."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    return {"lark": lark.__version__, "grammar": hashlib.sha256(grammar.encode()).hexdigest()}


def _numbered(mapping: dict[str, Any]) -> dict[int, Any]:
    """A mapping whose keys are numbers again, which JSON made text."""
    return {int(key): value for key, value in mapping.items()}
