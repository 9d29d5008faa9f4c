"""The syntax tree: what the author wrote, with the place of every piece.

    Spec -> Declaration -> Statement -> Expr

Nodes are frozen and compare by value, spans included. Nothing here is resolved: a
name is a name, a call is a call, and `elaborate` gives them meaning.
"""

from __future__ import annotations

from typing import TypeAlias

from kspec.diagnostics import Source, Span
from kspec.diagnostics.record import Node

# --- expressions ---------------------------------------------------------------------


class Name(Node):
    """`relu`, `image`, `T`."""

    id: str
    span: Span


class Number(Node):
    """`12`, `1e-3`, `50_257`, `80%`, `20deg`, `8GiB`: the number as written and its unit.

    `unit` is "" for a bare number; the value is not scaled by the unit.
    """

    value: int | float
    unit: str
    span: Span


class String(Node):
    """A double-quoted string, escapes resolved."""

    value: str
    span: Span


class Literal(Node):
    """`true`, `false` or `none`."""

    value: bool | None
    span: Span


class Unary(Node):
    """`-x`, `not x`."""

    op: str
    operand: Expr
    span: Span


class Binary(Node):
    """`a op b` for `+ - * / // @ ** == != < <= > >= and or`."""

    op: str
    left: Expr
    right: Expr
    span: Span


class Argument(Node):
    """`value` or `name=value` in a call."""

    name: str | None
    name_span: Span | None
    value: Expr
    span: Span


class Call(Node):
    """`func(args)`."""

    func: Name
    args: tuple[Argument, ...]
    span: Span


class Attribute(Node):
    """`value.name`, as in `validation.loss`."""

    value: Expr
    name: str
    span: Span


class Ellipsis(Node):
    """`...` in a shape or an index: any number of axes."""

    span: Span


class Ragged(Node):
    """`..200` in a shape: the first axis is as long as each example, at most `bound`."""

    bound: Expr
    span: Span


class Slice(Node):
    """`start:stop:step` in an index; each part may be left out."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None
    span: Span


class Index(Node):
    """`value[0, 1:3]`: the axes of one example, the batch axis left out."""

    value: Expr
    items: tuple[Expr | Slice | Ellipsis, ...]
    span: Span


class Pipe(Node):
    """`source -> target`."""

    source: Expr
    target: Expr
    span: Span


class Tuple(Node):
    """`(a, b)`; one element needs its comma: `(a,)`."""

    items: tuple[Expr, ...]
    span: Span


class List(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]
    span: Span


class Entry(Node):
    """`key: value` in a record; a number or a string may be a key, and is its text."""

    key: str
    key_span: Span
    value: Expr


class Record(Node):
    """`{ train: 80%, test: 20% }`."""

    entries: tuple[Entry, ...]
    span: Span


Expr: TypeAlias = (
    Name
    | Number
    | String
    | Literal
    | Unary
    | Binary
    | Call
    | Attribute
    | Index
    | Pipe
    | Tuple
    | List
    | Record
)


Axis: TypeAlias = Expr | Ellipsis | Ragged


class TypeExpr(Node):
    """`f32[28, 28]`, `class[10]`, `class`, `f32[..., D]`, `i32[..200]`.

    Attributes:
        name: The element type as written.
        dims: One expression an axis; None where no brackets were written.
    """

    name: str
    name_span: Span
    dims: tuple[Axis, ...] | None
    span: Span


# --- statements ----------------------------------------------------------------------


class Setting(Node):
    """`key = value` in a data or train block."""

    key: str
    key_span: Span
    value: Expr
    span: Span


class Selector(Node):
    """`base.block5`, `**.bias`: weights by path. `*` is one part, `**` any number."""

    parts: tuple[str, ...]
    span: Span


class Group(Node):
    """`optimizer base.block5 = sgd(1e-5)`: a setting for some weights."""

    key: str
    key_span: Span
    selector: Selector
    value: Expr
    span: Span


class Section(Node):
    """`stop { monitor = validation.loss }`: something that acts while training, with settings."""

    name: str
    name_span: Span
    settings: tuple[Setting, ...]
    span: Span


class Freeze(Node):
    """`freeze base`, or `unfreeze base.block5` where `frozen` is false."""

    selector: Selector
    frozen: bool
    span: Span


class Load(Node):
    """`load base from "vgg16.safetensors"`: the first values of some weights."""

    selector: Selector
    path: str
    path_span: Span
    span: Span


class Phase(Node):
    """`phase head { epochs = 10, freeze base }`: a part of training, one after the other."""

    name: str
    name_span: Span
    items: tuple[PhaseItem, ...]
    span: Span

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The `key = value` lines."""
        return tuple(item for item in self.items if isinstance(item, Setting))


PhaseItem: TypeAlias = Setting | Group | Section | Freeze
TrainItem: TypeAlias = PhaseItem | Phase | Load


class Augment(Node):
    """`augment image, label -> mix_up(0.2)`.

    Attributes:
        names: The fields.
        spans: Where each is named.
        value: The pipe from the fields, as an expression.
    """

    names: tuple[str, ...]
    spans: tuple[Span, ...]
    value: Expr
    span: Span


class Field(Node):
    """`image : u8[8, 8]` in a data block."""

    name: str
    name_span: Span
    type: TypeExpr
    span: Span


class Input(Node):
    """`input left, right : i32[100]`, one node per name."""

    name: str
    name_span: Span
    type: TypeExpr
    span: Span


class Output(Node):
    """`output digit : f32[10] = value`; a block may write `output value` alone."""

    name: str | None
    name_span: Span | None
    type: TypeExpr | None
    value: Expr
    span: Span


class Share(Node):
    """`share encode = embedding(vocab, 128) -> lstm(width)`."""

    name: str
    name_span: Span
    value: Expr
    span: Span


class Assign(Node):
    """`x = value`, or `x : f32[T] = value` with a checked type."""

    name: str
    name_span: Span
    type: TypeExpr | None
    value: Expr
    span: Span


class Unpack(Node):
    """`y, h, c = value`: names for several results."""

    names: tuple[str, ...]
    spans: tuple[Span, ...]
    value: Expr
    span: Span


class Weight(Node):
    """`weight a : f32[D, rank] = he_uniform`: an array that the block learns."""

    name: str
    name_span: Span
    type: TypeExpr
    init: Expr | None
    span: Span


class Repeat(Node):
    """`repeat n { ... }`, or `repeat i in a..b { ... }` with a name for the round.

    Attributes:
        index: The name of the round's number, if it has one.
        start: The first round's number; None stands for 0.
        stop: The number of rounds, or the number that the rounds stop before.
        head: The text before the brace.
    """

    index: str | None
    index_span: Span | None
    start: Expr | None
    stop: Expr
    body: tuple[Statement, ...]
    head: Span
    span: Span


class When(Node):
    """`if condition { ... } else { ... }`, decided while compiling."""

    condition: Expr
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    span: Span


Statement: TypeAlias = Input | Output | Share | Assign | Unpack | Weight | Repeat | When

# --- declarations --------------------------------------------------------------------


class Parameter(Node):
    """A compile-time parameter of a model or block: `width` or `width = 512`."""

    name: str
    default: Expr | None
    span: Span


class ImportDecl(Node):
    """`import "blocks.kspec"`: its blocks, models and data get names here."""

    path: str
    path_span: Span
    span: Span


class ExternDecl(Node):
    """`extern "ops.py:swish" : f32[..., D] -> f32[..., D]`: a function of a Python file.

    Attributes:
        target: The file and the function, as written.
        target_span: Where that is written.
        operands: What it takes of one example.
        results: What it gives.
    """

    target: str
    target_span: Span
    operands: tuple[TypeExpr, ...]
    results: tuple[TypeExpr, ...]
    span: Span

    @property
    def name(self) -> str:
        """The function, which is its name here."""
        return self.target.rpartition(":")[2]

    @property
    def name_span(self) -> Span:
        """Where the function is named: the end of the string."""
        span = self.target_span
        if span.text != f'"{self.target}"':
            return span  # there are escapes in it
        return Span(span.source, span.end - 1 - len(self.name), span.end - 1)


class ParamDecl(Node):
    """`param width : int = 512` at file level, settable from outside."""

    name: str
    name_span: Span
    type: str
    type_span: Span
    default: Expr
    span: Span


class DataDecl(Node):
    """`data digits { ... }`."""

    name: str
    name_span: Span
    settings: tuple[Setting, ...]
    fields: tuple[Field, ...]
    augments: tuple[Augment, ...]
    span: Span


class ModelDecl(Node):
    """`model Name(params) { ... }`, or `block ...` where `is_block`."""

    name: str
    name_span: Span
    params: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    is_block: bool
    span: Span


class TrainDecl(Node):
    """`train { ... }`, or `train pretrain { ... }` where a spec has several.

    Attributes:
        name: Its name; `train` where it has none.
        name_span: Where that is written: the keyword, without a name.
    """

    name: str
    name_span: Span
    items: tuple[TrainItem, ...]
    span: Span

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The `key = value` lines."""
        return tuple(item for item in self.items if isinstance(item, Setting))


Declaration: TypeAlias = ImportDecl | ExternDecl | ParamDecl | DataDecl | ModelDecl | TrainDecl


class Spec(Node):
    """A whole file."""

    source: Source
    declarations: tuple[Declaration, ...]
