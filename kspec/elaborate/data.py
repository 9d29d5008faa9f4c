"""Data blocks: fields with types, a source, and how rows are split."""

from __future__ import annotations

from collections.abc import Mapping

from kspec.data.declaration import DataDeclaration, Places
from kspec.data.fields import FieldType
from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    BadBuckets,
    DuplicateName,
    UnknownDtype,
    UnknownName,
    WrongType,
)
from kspec.diagnostics.record import Node
from kspec.elaborate.expressions import Env
from kspec.elaborate.models import Elaborator
from kspec.elaborate.reporter import Failed
from kspec.elaborate.scope import Place, Scope
from kspec.elaborate.settings import Settings
from kspec.elaborate.splits import read_label, read_split, source_call
from kspec.elaborate.values import Meaning, Ref, describe
from kspec.ir import BATCH, JAX_DTYPES, TensorType, bound_of
from kspec.syntax.tree import Augment, DataDecl, Field

SETTINGS = ("source", "split", "seed", "buckets", "oversample", "on_bad")


class Data(Node):
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
    parts = read_split(elaborator, settings, meanings, fields)
    split = parts.shares
    source = None
    if "source" in meanings or any(isinstance(part, float) for part in split.values()):
        written = settings.require("source")
        source = source_call(elaborator, meanings["source"], written.value.span)
    declaration = DataDeclaration(
        fields=tuple(fields.values()),
        source=source,
        split=split,
        seed=settings.integer("seed", meanings, 0, 0),
        stratify=parts.stratify,
        folds=parts.folds,
        oversample=_oversample(elaborator, settings, meanings, fields),
        skips=_skips(elaborator, settings, meanings),
        buckets=_buckets(elaborator, settings, meanings, fields),
    )
    sources = {key: setting.value.span for key, setting in settings.by_key.items()}
    sources |= parts.spans
    for line in decl.augments:
        for name, span in zip(line.names, line.spans, strict=True):
            if name not in spans:
                reporter.fail(UnknownName.of(span, "field", name, spans))
    return Data(decl.name, declaration, spans, sources, decl.augments, scope)


def _field(elaborator: Elaborator, field: Field, scope: Scope) -> FieldType:
    """`image : u8[8, 8]`, `label : class[10]`, `label : class`, `text : str`."""
    type = field.type
    reporter = elaborator.reporter
    dims = elaborator.types.padded(type, scope)
    sizes = tuple(a for a in dims if isinstance(a, int) or (a and bound_of(a) is not None))
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
        count = next((size for size in sizes if isinstance(size, int)), None)
        return FieldType(field.name, "i32", (), count, is_class=True)
    if type.name == "str":
        return FieldType(field.name, "str", sizes, None, is_class=False)
    if type.name not in JAX_DTYPES:
        known = (*JAX_DTYPES, "class", "str")
        reporter.fail(UnknownDtype.of(type.name_span, type.name, known))
    return FieldType(field.name, type.name, sizes, None, is_class=False)


def _buckets(
    elaborator: Elaborator,
    settings: Settings,
    meanings: Mapping[str, Meaning],
    fields: Mapping[str, FieldType],
) -> tuple[int, ...]:
    """Lengths that grow up to the bound of the longest ragged field."""
    if "buckets" not in meanings:
        return ()
    reporter, value = elaborator.reporter, meanings["buckets"]
    span = settings.require("buckets").value.span
    items = value if isinstance(value, (list, tuple)) else (None,)
    sizes = tuple(n for n in items if isinstance(n, int) and not isinstance(n, bool) and n > 0)
    if len(sizes) < len(items) or not sizes:
        wanted = "a list of lengths"
        reporter.fail(WrongType(span=span, name="buckets", wanted=wanted, got=describe(value)))
    most = max((field.bound or 0 for field in fields.values()), default=0)
    if not most:
        advice = "write such a field as `tokens : i32[..200]`, or no buckets"
        reporter.fail(BadBuckets(span=span, message="no field is ragged", advice=advice))
    grown = sorted(set(sizes))
    if sizes != tuple(grown) or sizes[-1] != most:
        fitting = ", ".join(map(str, [*(n for n in grown if n < most), most]))
        message = f"they must grow up to {most}, the most that a field's type says"
        advice = f"write `buckets = [{fitting}]`"
        reporter.fail(BadBuckets(span=span, message=message, advice=advice))
    return sizes


def _oversample(
    elaborator: Elaborator,
    settings: Settings,
    meanings: Mapping[str, Meaning],
    fields: Mapping[str, FieldType],
) -> str:
    """The label of `oversample = label`; empty without it."""
    if "oversample" not in meanings:
        return ""
    span = settings.require("oversample").value.span
    if "buckets" in meanings:
        message = "they fix the batches of an epoch, and `oversample` draws anew"
        advice = "leave one of them out"
        elaborator.reporter.fail(BadBuckets(span=span, message=message, advice=advice))
    return read_label(elaborator.reporter, "oversample", meanings["oversample"], span, fields)


def _skips(elaborator: Elaborator, settings: Settings, meanings: Mapping[str, Meaning]) -> bool:
    """`on_bad = skip`, or `error`."""
    value = meanings.get("on_bad")
    if "on_bad" not in meanings:
        return False
    if not isinstance(value, Ref) or value.name not in ("error", "skip"):
        span = settings.require("on_bad").value.span
        wanted = "error or skip"
        got = describe(value)
        elaborator.reporter.fail(WrongType(span=span, name="on_bad", wanted=wanted, got=got))
    return value.name == "skip"
