"""Write docstrings.csv: what functions of Python's standard library say they do, and their field.

    python specs/docstrings.py

The texts are those of CPython 3.11, (c) Python Software Foundation, under its license, version 2.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

FIELDS = {
    "files": "os shutil pathlib tempfile zipfile tarfile io gzip bz2 lzma glob fileinput mmap",
    "network": "socket ssl http.client http.cookiejar http.server urllib.request urllib.parse "
    "smtplib imaplib ftplib poplib nntplib telnetlib socketserver xmlrpc.client email.message "
    "email.policy email.utils asyncio.streams asyncio.base_events ipaddress webbrowser",
    "numbers": "math cmath statistics random decimal fractions datetime calendar operator "
    "numbers time bisect heapq",
    "code": "ast inspect dis tokenize typing functools importlib.util importlib.abc pdb bdb trace "
    "traceback doctest unittest.case unittest.mock unittest.suite unittest.loader symtable code",
}


def things(module: ModuleType) -> Iterator[object]:
    """The public functions and classes of a module, and their methods."""
    for name, thing in sorted(vars(module).items()):
        if name.startswith("_") or not callable(thing):
            continue
        if not (getattr(thing, "__module__", "") or "").startswith(module.__name__.split(".")[0]):
            continue
        yield thing
        if inspect.isclass(thing):
            methods = sorted(vars(thing).items())
            yield from (each for key, each in methods if not key.startswith("_"))


def rows() -> Iterator[tuple[str, str]]:
    """A field and the first paragraph of a text, each text once."""
    seen: set[str] = set()
    for field, names in FIELDS.items():
        for name in names.split():
            for thing in things(importlib.import_module(name)):
                paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
                text = re.sub(r"[^ -~]|\s+", " ", paragraph).strip()[:300]
                if len(text.split()) >= 4 and text not in seen and "->" not in text:
                    seen.add(text)
                    yield field, text


if __name__ == "__main__":
    with (Path(__file__).parent / "docstrings.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("field", "text"))
        writer.writerows(rows())
