"""Match the arguments of a call to a definition's signature, and check their types."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from kspec.diagnostics import Source, Span, SpecError
from kspec.diagnostics.errors import (
    DuplicateArgument,
    FileMissing,
    InvalidArgument,
    MissingArgument,
    TooManyArguments,
    UnknownArgument,
    UnknownName,
    WrongType,
)
from kspec.elaborate.externs import as_activation
from kspec.elaborate.foreign import instead
from kspec.elaborate.listing import items
from kspec.elaborate.plain import SCALARS, Mismatch, plain
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.signatures import describe_type, sign
from kspec.elaborate.values import Fields, Given, Invocation, Meaning, Ref, describe
from kspec.layers.base import Layer
from kspec.registry import Compound, Definition, lookup, names


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of one argument in one call, and where it was chosen.

    Attributes:
        kind: The kind of the callee: `layer`, `optimizer`.
        callee: Its name.
        call: The call.
        name: The argument.
        value: What it is.
        written: Where the spec says so; None for a default.
    """

    kind: str
    callee: str
    call: Span
    name: str
    value: object
    written: Span | None


class Arguments:
    """Makes definitions from names and evaluated arguments.

    Attributes:
        choices: Every argument of every definition that was made.
        lines: Reads the lines of a file that an argument names; from the file that names it.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.choices: list[Choice] = []
        self.lines: Callable[[str, Source], tuple[str, ...]] = _no_file

    def make(self, kind: str, value: Meaning, span: Span) -> Definition:
        """The definition that a bare name or a call stands for.

        Args:
            kind: A kind of the registry.
            value: What the spec says; anything but a `Ref` or `Invocation` is a mistake.
            span: Where it says it.
        """
        if not isinstance(value, (Ref, Invocation)):
            article = "an" if kind[0] in "aeio" else "a"
            self.reporter.fail(
                WrongType(span=span, name=kind, wanted=f"{article} {kind}", got=describe(value))
            )
        name_span = value.span if isinstance(value, Ref) else value.name_span
        cls = lookup(kind, value.name)
        if cls is None:
            self.reporter.fail(UnknownName.of(name_span, kind, value.name, names(kind)))
        args = () if isinstance(value, Ref) else value.args
        return self.bind(cls, args, value.span)

    def bind(self, cls: type[Definition], givens: tuple[Given, ...], span: Span) -> Definition:
        """An instance of a definition with checked arguments."""
        matched, extra = self._match(cls, givens, span)
        hints = cls.arg_types()
        values: dict[str, Any] = {}
        ok = True
        for name, given in matched.items():
            try:
                values[name] = self._coerce_argument(cls, name, given, hints[name])
            except Failed:
                ok = False
        for name, given in extra.items():
            values[name] = plain(given.value)
        for spec in cls.args:
            if spec.required and spec.name not in matched:
                ok = False
                self.reporter.report(
                    MissingArgument(span=span, callee=cls.name, name=spec.name, doc=spec.doc)
                )
        if not ok:
            raise Failed
        known = [spec.name for spec in cls.args]
        made = cls(**values)
        for name in known:
            written = matched[name].span if name in matched else None
            value = getattr(made, name)
            self.choices.append(Choice(cls.kind, cls.name, span, name, value, written))
        message = made.check()
        if message is not None:
            at = _about(message, matched)
            place = "this argument" if at else "in this call"
            self.reporter.fail(
                InvalidArgument(span=at or span, callee=cls.name, message=message, place=place)
            )
        return made

    def _match(
        self, cls: type[Definition], givens: tuple[Given, ...], span: Span
    ) -> tuple[dict[str, Given], dict[str, Given]]:
        known = [spec.name for spec in cls.args]
        matched: dict[str, Given] = {}
        extra: dict[str, Given] = {}
        ok = True
        position = 0
        for given in givens:
            name = given.name
            if name is None:
                if position >= len(known):
                    self.reporter.fail(
                        TooManyArguments(
                            span=given.span,
                            callee=cls.name,
                            most=len(known),
                            signature=sign(cls, 6),
                        )
                    )
                name = known[position]
                position += 1
            if name in matched or name in extra:
                ok = False
                self.reporter.report(
                    DuplicateArgument(span=given.place, callee=cls.name, name=name)
                )
            elif name in known:
                matched[name] = given
            elif cls.free_args:
                extra[name] = given
            else:
                ok = False
                other = instead(cls.kind, cls.name, name)
                self.reporter.report(
                    UnknownArgument.of(given.place, cls.name, name, known, sign(cls, 6), other)
                )
        if not ok:
            raise Failed
        return matched, extra

    def _coerce_argument(
        self, cls: type[Definition], name: str, given: Given, wanted: object
    ) -> object:
        value = given.value
        if isinstance(value, str) and issubclass(cls, Layer) and name in cls.listed:
            value = self._listed(value, given.span, str not in get_args(get_args(wanted)[0]))
        try:
            return self.coerce(value, wanted, given.span)
        except Mismatch:
            self.reporter.fail(
                WrongType(
                    span=given.span,
                    name=f"{name} of {cls.name}",
                    wanted=describe_type(wanted),
                    got=describe(given.value),
                )
            )

    def _listed(self, path: str, span: Span, whole_numbers: bool) -> Meaning:
        """What a file lists in the place of a list of a spec."""
        try:
            return items(self.lines(path, span.source), path, whole_numbers)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.reporter.report(diagnostic.replace(span=span))
            raise Failed from None

    def coerce(self, value: Meaning, wanted: object, span: Span) -> object:
        """The value as the wanted type.

        Raises:
            Mismatch: It is not of that type.
            Failed: It names something of the right kind that is not there.
        """
        origin = get_origin(wanted)
        if origin in (Union, types.UnionType):
            return self._coerce_union(value, get_args(wanted), span)
        if origin is Literal:
            word = value.name if isinstance(value, Ref) else value  # `same` is `"same"`
            if isinstance(word, (str, int)) and word in get_args(wanted):
                return word
            raise Mismatch
        if origin is tuple:
            return self._coerce_tuple(value, get_args(wanted), span)
        return self._coerce_class(value, wanted, span)

    def _coerce_class(self, value: Meaning, wanted: object, span: Span) -> object:
        if not isinstance(wanted, type):
            raise Mismatch
        made: object = as_activation(value, wanted)
        if issubclass(wanted, Definition) and isinstance(value, (Ref, Invocation)):
            made = self.make(wanted.kind, value, span)
        elif issubclass(wanted, Compound):
            made = wanted.from_record(value.values) if isinstance(value, Fields) else value
        elif wanted in SCALARS:
            return SCALARS[wanted](value)
        if isinstance(made, wanted):
            return made
        raise Mismatch

    def _coerce_union(self, value: Meaning, options: tuple[object, ...], span: Span) -> object:
        for option in options:
            try:
                return self.coerce(value, option, span)
            except Mismatch:
                continue
        raise Mismatch

    def _coerce_tuple(self, value: Meaning, options: tuple[object, ...], span: Span) -> object:
        if not isinstance(value, (tuple, list)):
            raise Mismatch
        items = tuple(value)
        if len(options) == 2 and options[1] is ...:
            options = (options[0],) * len(items)
        if len(items) != len(options):
            raise Mismatch
        return tuple(self.coerce(v, o, span) for v, o in zip(items, options, strict=True))


def _no_file(path: str, importer: Source) -> tuple[str, ...]:
    raise SpecError((FileMissing(span=None, path=path),))


def _about(message: str, matched: Mapping[str, Given]) -> Span | None:
    """The one given argument that a message names; None for several or none."""
    named = [given.span for name, given in matched.items() if re.search(rf"\b{name}\b", message)]
    return named[0] if len(named) == 1 else None
