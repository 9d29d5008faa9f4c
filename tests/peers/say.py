"""Run a Keras program, and print what Keras says: warnings, lines of training, the mistake.

python -m tests.peers.say tests/peers/E301_image_without_channels.py
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import runpy
import sys
import tempfile
import textwrap
import traceback
import warnings

WIDTH = 100
LINES = 8
CUT = "[...]"
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def laid_out(text: str) -> str:
    """At most eight lines of at most 100 columns; what is left out is marked."""
    lines: list[str] = []
    for line in _COLOR.sub("", text).splitlines():
        lines += textwrap.wrap(line, WIDTH, break_on_hyphens=False) if line.strip() else []
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], CUT]
    return "\n".join(lines)


def bare(text: str) -> str:
    """The words without what varies from run to run: times, losses, addresses, layout."""
    text = re.sub(r"\b\d+(?:\.\d+)?(?:us|ms|s)\b", "<time>", text)
    text = re.sub(r"\b\d+\.\d+(?:e[+-]?\d+)?\b", "<number>", text)
    return " ".join(re.sub(r"0x[0-9a-f]+", "<address>", text).split())


def said(program: str) -> str:
    """What is printed when a program runs: each warning once, a mistake as its last line."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    seen: set[str] = set()

    def show(message: object, category: type[Warning], *rest: object) -> None:
        if str(message) not in seen:
            seen.add(str(message))
            print(f"{category.__name__}: {message}")

    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()) as printed,
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
    ):
        warnings.showwarning = show
        try:
            runpy.run_path(program)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            print("".join(traceback.format_exception_only(error)))
    return printed.getvalue()


if __name__ == "__main__":
    print(json.dumps({program: said(program) for program in sys.argv[1:]}))
