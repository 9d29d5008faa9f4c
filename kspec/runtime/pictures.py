"""Examples of images for the report: as they are, and as training sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from kspec.codegen.seen import is_image, seen_file, seen_of
from kspec.ir import BATCH, Func, Module, TensorType
from kspec.runtime import compat
from kspec.runtime.executable import load_python
from kspec.runtime.png import as_bytes, data_url, smaller

if TYPE_CHECKING:
    from kspec.data.dataset import Split
    from kspec.runtime.run import Run

SHOWN: Final = 8  # examples
LARGEST: Final = 80  # places along a side
LONGEST: Final = 300  # lines of what augments them that a run compiles as it ends
VIEWS: Final = 2  # of each example, as training sees it


@dataclass(frozen=True, slots=True)
class Strip:
    """The same examples of a field in several rows.

    Attributes:
        field: The field.
        labels: What each example is called.
        rows: Images by the row's title.
        left: Whether what augments them was left for another time.
    """

    field: str
    labels: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]
    left: bool = False


def strips(run: Run, train: Split, module: Module, *, at_once: bool) -> list[Strip]:
    """The first examples of the fields that are images.

    Args:
        run: The run.
        train: Its training split.
        module: The IR of its program.
        at_once: Whether the user waits for something else. Then what augments the images is left
            out where a run was stopped, and where it takes a long program, and so long to compile.
    """
    declared = run.bundle.plan.data.fields if run.bundle.plan.data else ()
    fields = [f.name for f in declared if is_image(TensorType(f.dtype, (BATCH, *f.shape)))]
    if not fields or not len(train):
        return []
    func = seen_of(module)
    text = seen_file(module, func) if func else ""
    left = at_once and func is not None and (run.interrupted or text.count("\n") > LONGEST)
    seen = [] if func is None or left else _seen(run, train, func, text)
    labels = _labels(run, train)
    return [
        Strip(
            name,
            labels,
            {
                "in the data": _urls(train.arrays[name][:SHOWN]),
                **{
                    f"augmented {n}": _urls(view[name])
                    for n, view in enumerate(seen, 1)
                    if name in view
                },
            },
            left,
        )
        for name in fields
    ]


def _seen(run: Run, train: Split, func: Func, text: str) -> list[Mapping[str, NDArray[Any]]]:
    """What training makes of them, with other random numbers for each view."""
    names = [value.hint for value in func.params]
    if any(n not in (*train.arrays, "key", "mask") for n in names):
        return []
    loaded = cast("Any", load_python(text, "seen.py"))
    rows = np.arange(SHOWN) % len(train)
    batch = {n: train.arrays[n][rows] for n in names if n in train.arrays}
    mask = np.ones(SHOWN, np.float32)
    program = compat.soon_compiled(loaded.seen, batch, mask, compat.key(run.seed))
    views: list[Mapping[str, NDArray[Any]]] = []
    for number in range(VIEWS):
        made = program(batch, mask, compat.key(run.seed + number))
        views.append({n: np.asarray(compat.to_host(x))[: len(train)] for n, x in made.items()})
    return views


def _urls(images: NDArray[Any]) -> tuple[str, ...]:
    whole = images if images.ndim == 4 else images[..., None]
    return tuple(map(data_url, as_bytes(smaller(whole, LARGEST))))


def _labels(run: Run, train: Split) -> tuple[str, ...]:
    """The class of each example, where the data has classes."""
    declared = run.bundle.plan.data.fields if run.bundle.plan.data else ()
    name = next((f.name for f in declared if f.is_class and not f.shape), None)
    if name is None:
        return tuple(f"row {n}" for n in range(1, min(SHOWN, len(train)) + 1))
    words = train.class_names.get(name, ())
    return tuple(word_of(int(number), words) for number in train.arrays[name][:SHOWN])


def word_of(number: int, words: Sequence[str]) -> str:
    """The name of a class; its number where the data has no names."""
    return words[number] if 0 <= number < len(words) else str(number)
