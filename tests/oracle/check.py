"""Run many specs, and make those small in which executors disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kspec.diagnostics import SpecError
from tests.oracle.compare import Difference, differences
from tests.oracle.directed import DIRECTED, directed
from tests.oracle.drafts import Draft
from tests.oracle.executors import forget
from tests.oracle.generate import spec
from tests.oracle.interpreter.core import UnknownOp

OFTEN: Final = 50  # specs, after which compiled programs are forgotten: they are MiBs each


@dataclass
class Summary:
    """What many specs came to.

    Attributes:
        agreed: How many specs of each kind agree.
        invalid: Specs that the compiler or the interpreter refuses, with the reason.
        failed: Specs in which executors disagree, made small, with what differs.
    """

    agreed: Counter[str] = field(default_factory=Counter)
    invalid: list[tuple[Draft, str]] = field(default_factory=list)
    failed: list[tuple[Draft, list[Difference]]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{count} of {kind} agree" for kind, count in sorted(self.agreed.items())]
        lines += [f"{draft.label} is refused: {reason}" for draft, reason in self.invalid]
        for draft, found in self.failed:
            lines += ["", f"{draft.label}, made small:", draft.case().text, *map(str, found)]
        return "\n".join(lines)


def drafts(count: int, seed: int, after: int = 0) -> Iterator[Draft]:
    """So many specs: three of four are random, the others for one pass after the other."""
    kinds = list(DIRECTED)
    for number in range(after, after + count):
        turn, place = divmod(number, 4)
        if place == 3:
            rounds, kind = divmod(turn, len(kinds))
            yield directed(kinds[kind], seed + rounds)
        else:
            yield spec(1000 * seed + number)


def run(
    count: int, seed: int, told: Callable[[str], None] = lambda text: None, after: int = 0
) -> Summary:
    """Compare the executors of so many specs, behind those that are left out."""
    summary = Summary()
    for number, draft in enumerate(drafts(count, seed, after), 1):
        if number % OFTEN == 0:
            forget()
        try:
            found = differences(draft.case())
        except (SpecError, UnknownOp) as error:
            summary.invalid.append((draft, str(error)))
            continue
        told(f"{draft.label}: {'; '.join(map(str, found)) or 'all agree'}")
        if not found:
            summary.agreed[draft.label.split()[0]] += 1
            continue
        small = shrunk(draft, disagrees)
        summary.failed.append((small, differences(small.case())))
    return summary


def disagrees(draft: Draft) -> bool:
    """Whether executors disagree; a spec that is refused says nothing."""
    try:
        return bool(differences(draft.case()))
    except (SpecError, UnknownOp, IndexError, KeyError):  # a place that names what is gone
        return False


def shrunk(draft: Draft, fails: Callable[[Draft], bool]) -> Draft:
    """The draft with all statements and settings gone without which it still fails."""
    smaller = True
    while smaller:
        smaller = False
        for each in draft.smaller():
            if fails(each):
                draft, smaller = each, True
                break
    return draft
