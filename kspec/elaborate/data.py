"""Data blocks: fields with types, a source, and how rows are split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kspec.data.dataset import SPLITS, DataDeclaration, Places
from kspec.data.schema import FieldType
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    BadSplit,
    DuplicateName,
    UnknownDtype,
    UnknownName,
    WrongType,
)
from kspec.elaborate.expressions import Env
from kspec.elaborate.models import Elaborator
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.values import Fields, Invocation, Meaning, Quantity, Ref, describe
from kspec.ir import BATCH, JAX_DTYPES, Call, TensorType
from kspec.syntax.tree import Augment, DataDecl, Field

SETTINGS = ("source", "split", "seed")


@dataclass(frozen=True, slots=True)
class Data:
    """A checked data block.

    Attributes:
        name: The block's name.
        declaration: What the runtime opens.
        spans: The place of each field, for messages about the data itself.
        sources: The place of the source, and of each part of the split by its name.
        augments: What happens to fields in training, in this order.
        scope: The names of the block's file.
    """

    name: str
    declaration: DataDeclaration
    spans: Mapping[str, Span]
    sources: Mapping[str, Span]
    augments: tuple[Augment, ...]
    scope: Scope

    @property
    def places(self) -> Places:
        """All places, for messages about the data itself."""
        return Places(self.spans, self.sources)

    def tensor(self, field: str) -> TensorType:
        """A batch of that field as the program sees it."""
        declared = {f.name: f for f in self.declaration.fields}[field]
        return TensorType(declared.dtype, (BATCH, *declared.shape))


def elaborate_data(elaborator: Elaborator, decl: DataDecl, scope: Scope) -> Data:
    """Check a data block, which sees the names of its file. Raises Failed after reporting."""
    reporter = elaborator.reporter
    settings = Settings(reporter, f"data {decl.name}", decl.name_span, decl.settings, SETTINGS)
    fields: dict[str, FieldType] = {}
    spans: dict[str, Span] = {}
    for field in decl.fields:
        if field.name in fields:
            reporter.report(
                DuplicateName.of(field.name_span, "field", field.name, spans[field.name])
            )
            continue
        try:
            fields[field.name] = _field(elaborator, field, scope)
            spans[field.name] = field.name_span
        except Failed:
            continue
    env = Env(scope, Place())
    meanings = {
        key: elaborator.evaluator.evaluate(setting.value, env)
        for key, setting in settings.by_key.items()
    }
    split = _split(elaborator, settings, meanings)
    source = None
    if "source" in meanings or any(isinstance(part, float) for part in split.values()):
        written = settings.require("source")
        source = _source(elaborator, meanings["source"], written.value.span)
    declaration = DataDeclaration(
        fields=tuple(fields.values()),
        source=source,
        split=split,
        seed=settings.integer("seed", meanings, 0, 0),
    )
    sources = {key: setting.value.span for key, setting in settings.by_key.items()}
    parts = meanings.get("split")
    if isinstance(parts, Fields):
        sources |= parts.spans
    for line in decl.augments:
        for name, span in zip(line.names, line.spans, strict=True):
            if name not in spans:
                reporter.fail(UnknownName.of(span, "field", name, spans))
    return Data(decl.name, declaration, spans, sources, decl.augments, scope)


def _source(elaborator: Elaborator, value: Meaning, span: Span) -> Call:
    return elaborator.arguments.make("source", value, span).call()


def _field(elaborator: Elaborator, field: Field, scope: Scope) -> FieldType:
    """`image : u8[8, 8]`, `label : class[10]`, `label : class`, `text : str`."""
    type = field.type
    reporter = elaborator.reporter
    dims = elaborator.types.pattern(type, scope)
    sizes = tuple(axis for axis in dims if isinstance(axis, int))
    if len(sizes) != len(dims):
        reporter.fail(
            WrongType(
                span=type.span, name=f"the shape of {field.name}", wanted="sizes", got="a name"
            )
        )
    if type.name == "class":
        if len(sizes) > 1:
            reporter.fail(
                WrongType(span=type.span, name=field.name, wanted="class[n]", got=type.span.text)
            )
        return FieldType(field.name, "i32", (), sizes[0] if sizes else None, is_class=True)
    if type.name == "str":
        return FieldType(field.name, "str", sizes, None, is_class=False)
    if type.name not in JAX_DTYPES:
        known = (*JAX_DTYPES, "class", "str")
        reporter.fail(UnknownDtype.of(type.name_span, type.name, known))
    return FieldType(field.name, type.name, sizes, None, is_class=False)


def _split(
    elaborator: Elaborator, settings: Settings, meanings: Mapping[str, Meaning]
) -> dict[str, float | Call]:
    """Each split's share of the source, or a source of its own."""
    if "split" not in meanings:
        return {"train": 1.0}
    reporter = elaborator.reporter
    value = meanings["split"]
    span = settings.require("split").value.span
    if not isinstance(value, Fields):
        reporter.fail(
            WrongType(span=span, name="split", wanted="{ train: 80%, ... }", got=describe(value))
        )
    split: dict[str, float | Call] = {}
    for name, part in value.values.items():
        at = value.spans[name]
        if name not in SPLITS:
            message = f"a split is called train, validation or test, not `{name}`"
            reporter.fail(BadSplit(span=at, message=message))
        if isinstance(part, Quantity) and part.unit == "%" and 0 < part.value <= 100:
            split[name] = part.value / 100
        elif isinstance(part, (Ref, Invocation)):
            split[name] = _source(elaborator, part, at)
        else:
            message = f"`{name}` must be a percentage or a source, not {describe(part)}"
            reporter.fail(BadSplit(span=at, message=message))
    shares = sum(part for part in split.values() if isinstance(part, float))
    if shares > 1 + 1e-9:
        reporter.fail(BadSplit(span=span, message=f"the parts add up to {100 * shares:g}%"))
    if "train" not in split:
        reporter.fail(BadSplit(span=span, message="there is no `train` part"))
    return split
