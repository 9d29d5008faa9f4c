"""Read the text of a spec."""

from __future__ import annotations

from pathlib import Path

from kspec.diagnostics import Source, SpecError
from kspec.diagnostics.errors import FileMissing, FileUnreadable


def read_source(path: Path, name: str | None = None) -> Source:
    """Read a spec. `name` is what messages call it; the path as given by default.

    Raises:
        SpecError: The file is missing, unreadable, or no UTF-8.
    """
    shown = name or path.as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise SpecError((FileMissing(span=None, path=shown),)) from None
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),)) from None
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise SpecError((FileUnreadable(span=None, path=shown, reason=reason),)) from None
    return Source(shown, text.replace("\r\n", "\n").replace("\r", "\n"))
