"""Packages that only some sources need: asked for when they are, and named when missing."""

from __future__ import annotations

import importlib
from typing import Any

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import PackageMissing


def need(module: str, package: str, extra: str, what: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: The module: `PIL.Image`.
        package: The package that has it, for messages.
        extra: The extra of kspec that installs it.
        what: What needs it: "`image_folder`".

    Raises:
        SpecError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        missing = PackageMissing(span=None, what=what, package=package, extra=extra)
        raise SpecError((missing,)) from None
