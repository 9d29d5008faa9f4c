"""The faults by number, and the cases that inject them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T", bound=Callable[..., object])

FAULTS: Final = {
    "F01": "The process is killed at any moment",
    "F02": "It is killed before any system call of a save",
    "F03": "The power fails, and writes are lost or reordered",
    "F04": "It is killed while it resumes, or writes another file",
    "F05": "It is killed many times in one run",
    "F06": "It is killed in the middle of an epoch",
    "F07": "SIGTERM, SIGINT or SIGHUP; twice; during a save",
    "F08": "It is stopped for a while, the clock jumps, the time zone changes",
    "F09": "Two processes in one run folder",
    "F10": "The disk is full",
    "F11": "The disk fails, is read-only, or a limit is reached",
    "F12": "A bit of a file flips",
    "F13": "A file is cut off, emptied, zeroed in part, or longer",
    "F14": "A file is missing, foreign, renamed, or of another step",
    "F15": "The checkpoint is of another spec, optimizer, type or schedule",
    "F16": "The checkpoint is of other versions",
    "F17": "The data has changed since the run began",
    "F18": "The optimizer's state is not in the checkpoint",
    "F19": "The run folder is copied or symlinked, or on a file system with fewer promises",
    "F20": "Checkpoints rotate while the best weights are old",
    "F21": "Something is not a number",
    "F22": "Something is infinite, or a loss scale runs over or under",
    "F23": "The loss jumps",
    "F24": "All labels are masked, or weights sum to 0",
    "F25": "Labels are out of range, or of another form",
    "F26": "A token is not below the size of the vocabulary",
    "F27": "There are no rows, or fewer than a batch",
    "F28": "A file of data is malformed",
    "F29": "Arrays have odd types, orders or pickled objects",
    "F30": "Values or columns are missing, doubled or in another order",
    "F31": "A data file is cut off, deleted or replaced while a run trains",
    "F32": "A source gives nothing, slowly",
    "F33": "A column that is to be normalized is constant",
    "F34": "Inputs and labels differ in length, or are shuffled apart",
    "F35": "The host has no memory left",
    "F36": "The device has no memory left",
    "F37": "A program takes too long to compile",
    "F38": "An accelerator is missing or lost",
    "F39": "A run goes on on another kind of device",
    "F40": "Another hash seed, locale, folder, umask, HOME or time zone",
    "F41": "A cache is damaged",
    "F42": "A cache has an entry of the same name for other content",
    "F43": "Ctrl-C before training has begun",
    "F44": "Nobody reads what is said any more",
    "F45": "A run of a million steps",
    "F46": "A run is read while its checkpoints are replaced",
    "F47": "Two specs in one process",
    "F48": "A library says something where only data is to be",
}


@dataclass(frozen=True)
class Case:
    """One way to inject a fault.

    Attributes:
        number: Of the fault.
        injected: What is done.
        happens: What the run does then.
        test: Where that is shown.
    """

    number: str
    injected: str
    happens: str
    test: str


CASES: Final[dict[str, Case]] = {}


def fault(number: str, injected: str, happens: str) -> Callable[[T], T]:
    """Note what a test injects, and what it shows to happen."""
    assert number in FAULTS, number

    def note(test: T) -> T:
        place = f"{test.__module__.removeprefix('tests.faults.')}::{test.__name__}"
        CASES[f"{number} {place} {injected}"] = Case(number, injected, happens, place)
        return test

    return note


def collected() -> tuple[Case, ...]:
    """All cases, by number, in the order of the files."""
    import tests.faults

    for module in sorted(each.name for each in pkgutil.iter_modules(tests.faults.__path__)):
        if module.startswith("test_"):
            importlib.import_module(f"tests.faults.{module}")
    # Whatever pytest was told to import first, the order is that of the files.
    return tuple(sorted(CASES.values(), key=lambda c: (c.number, c.test.partition("::")[0])))


def page() -> str:
    """`docs/reliability.md`."""
    cases = collected()
    lines = [HEAD, "| fault | what is done | what happens | shown by |", "|---|---|---|---|"]
    for case in cases:
        row = (f"{case.number}: {FAULTS[case.number]}", case.injected, case.happens)
        lines.append(f"| {' | '.join(row)} | `{case.test}` |")
    shown = {case.number for case in cases}
    lines += ["", "## Faults without a case here", "", NONE]
    lines += [f"- {number}: {text}" for number, text in FAULTS.items() if number not in shown]
    return "\n".join(lines) + "\n"


HEAD: Final = (Path(__file__).parent / "head.md").read_text(encoding="utf-8")
NONE: Final = "These are not injected by this suite. Some are tested elsewhere.\n"
