"""`key = value` blocks: known keys, required keys, and typed values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kspec.diagnostics import Span
from kspec.diagnostics.errors import (
    DuplicateName,
    InvalidArgument,
    MissingSetting,
    UnknownSetting,
    WrongType,
)
from kspec.elaborate.reporter import Failed, Reporter
from kspec.elaborate.values import Meaning, Quantity, describe
from kspec.syntax.tree import Setting

BYTES: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class Settings:
    """The settings of one block, by key.

    Args:
        reporter: Where mistakes go.
        block: The block's keyword, for messages.
        span: The block's name or keyword.
        settings: As written.
        known: Every key that the block may have.
    """

    def __init__(
        self,
        reporter: Reporter,
        block: str,
        span: Span,
        settings: Iterable[Setting],
        known: tuple[str, ...],
    ) -> None:
        self.reporter = reporter
        self.block = block
        self.span = span
        self.by_key: dict[str, Setting] = {}
        for setting in settings:
            if setting.key not in known:
                reporter.report(UnknownSetting.of(setting.key_span, block, setting.key, known))
            elif setting.key in self.by_key:
                earlier = self.by_key[setting.key].key_span
                reporter.report(DuplicateName.of(setting.key_span, "setting", setting.key, earlier))
            else:
                self.by_key[setting.key] = setting

    def get(self, key: str) -> Setting | None:
        """The setting of that key, if it is written."""
        return self.by_key.get(key)

    def require(self, key: str) -> Setting:
        """The setting of that key. Raises Failed after reporting that it is missing."""
        if key not in self.by_key:
            self.reporter.fail(MissingSetting(span=self.span, block=self.block, key=key))
        return self.by_key[key]

    def integer(self, key: str, meanings: Mapping[str, Meaning], default: int, least: int) -> int:
        """An integer setting of at least `least`."""
        if key not in meanings:
            return default
        value = meanings[key]
        span = self.by_key[key].value.span
        if not isinstance(value, int) or isinstance(value, bool):
            self._wrong(span, key, "an integer", value)
            raise Failed
        if not least <= value < 2**31:
            message = f"{key} must be from {least} to {2**31 - 1}"
            self.reporter.fail(InvalidArgument(span=span, callee=self.block, message=message))
        return value

    def boolean(self, key: str, meanings: Mapping[str, Meaning], default: bool) -> bool:
        """A setting that is true or false."""
        if key not in meanings:
            return default
        value = meanings[key]
        if not isinstance(value, bool):
            self._wrong(self.by_key[key].value.span, key, "true or false", value)
            raise Failed
        return value

    def size(self, key: str, meanings: Mapping[str, Meaning]) -> int:
        """A setting that is an amount of memory, in bytes; 0 where it is not written."""
        if key not in meanings:
            return 0
        value = meanings[key]
        span = self.by_key[key].value.span
        if not isinstance(value, Quantity) or value.unit not in BYTES:
            self._wrong(span, key, "an amount of memory, such as `8GiB`", value)
            raise Failed
        size = int(value.value * BYTES[value.unit])
        if size < 1:
            message = f"{key} must be more than nothing"
            self.reporter.fail(InvalidArgument(span=span, callee=self.block, message=message))
        return size

    def _wrong(self, span: Span, key: str, wanted: str, got: Meaning) -> None:
        self.reporter.report(WrongType(span=span, name=key, wanted=wanted, got=describe(got)))
