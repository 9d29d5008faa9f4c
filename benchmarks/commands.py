"""Commands that are timed from outside."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def first_line(
    command: Sequence[str], start: str, env: Mapping[str, str], folder: Path | None = None
) -> str:
    """Start a program, wait for its first line with that start, and end the program."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(env),
        cwd=folder,
    ) as process:
        assert process.stdout is not None
        seen: list[str] = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith(start):
                process.kill()
                return line
    raise RuntimeError(f"{' '.join(command)} says no `{start}`:\n{''.join(seen)}")
