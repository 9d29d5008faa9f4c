"""Which weights of a Keras file are which of a spec's.

A layer that the user has named is found by its name: the spec's path, or its end, with `_` or a
model for each dot (`block1.conv1` is `block1_conv1`). The others are taken in order, class by
class, if there is one order only that gives the spec's shapes. There may be several: Keras lists
layers by their distance from the result, and numbers them as they are made (`dense_1`); and a
`.weights.h5` does not tell where a model stands among the layers around it. Files of Keras 2 have
all layers in order, and do not tell their classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kspec.registry import names
from kspec.runtime.keras_files import MODELS, KerasWeights, Stored, StoredLayer, bare

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
_MOST_STATES: Final = 10_000
_SEVERAL: Final = (
    "the order of its layers could be two: `{one}` or `{other}` may come first, and fit both; "
    "give such layers names, the same in both, or save it as `.keras`, where models have an order"
)


class Misfit(Exception):
    """The file's weights are not the spec's; the text says which."""


@dataclass(frozen=True, slots=True)
class SpecLayer:
    """A layer of the spec.

    Attributes:
        path: Its path.
        parts: Its path below what is loaded.
        kind: Its name in the vocabulary.
        weights: The shapes of its weights by path, in order.
    """

    path: str
    parts: tuple[str, ...]
    kind: str
    weights: Shapes


def spec_layers(weights: Shapes, part: str, kinds: Mapping[str, str]) -> tuple[SpecLayer, ...]:
    """The layers in a part of a spec, in its order.

    Args:
        weights: The shapes of all weights by path.
        part: A path; empty for all.
        kinds: The name of each layer that has weights, by its path.

    Raises:
        Misfit: A weight of the part is of no layer, or the part is less than a layer.
    """
    found: list[SpecLayer] = []
    left = [name for name in weights if f"{name}.".startswith(f"{part}." if part else "")]
    for path, kind in kinds.items():
        own = {name: shape for name, shape in weights.items() if name.startswith(f"{path}.")}
        inside = [name for name in left if name in own]
        if not inside:
            continue
        if len(inside) < len(own):
            raise Misfit(f"`{part}` is a part of the layer `{path}`, and layers are loaded whole")
        parts = tuple(path[len(part) :].lstrip(".").split("."))
        found.append(SpecLayer(path, parts if any(parts) else (path,), kind, own))
        left = [name for name in left if name not in own]
    if left:
        raise Misfit(f"`{left[0]}` is the weight of a block, and no layer of Keras has it")
    return tuple(found)


def match(layers: tuple[SpecLayer, ...], file: KerasWeights) -> dict[str, Stored]:
    """The file's array for each weight, by path.

    Args:
        layers: What is to be loaded.
        file: What there is.

    Raises:
        Misfit: A weight is missing, or has another shape.
    """
    found: dict[str, Stored] = {}
    named = _named(layers, file)
    for layer in layers:
        if layer.path in named:
            found |= _pairs(layer.weights, _arrays(named[layer.path]))
    taken = [each for stored in named.values() for each in stored]
    wanted = [layer for layer in layers if layer.path not in named]
    rest = [stored for stored in file.layers if stored not in taken]
    if not wanted:
        return found
    if not all(stored.kind for stored in rest):
        return found | _all_in_order(wanted, rest, file.ordered)
    for kind in dict.fromkeys(layer.kind for layer in wanted):
        same = [layer for layer in wanted if layer.kind == kind]
        stored = [each for each in rest if each.kind == bare(kind)]
        found |= _in_order(same, stored, file.ordered)
    return found


# --- by names


def _named(layers: tuple[SpecLayer, ...], file: KerasWeights) -> dict[str, tuple[StoredLayer, ...]]:
    """The stored layers of each layer that is found by a name of the user's."""
    automatic = {bare(name) for name in (*names("layer"), *MODELS)}
    found: dict[str, tuple[StoredLayer, ...]] = {}
    for layer in layers:
        for start in range(len(layer.parts)):
            end = layer.parts[start:]
            if bare(_stem_and_number(end[-1])[0]) in automatic:
                break
            stored = tuple(each for each in file.layers if _is_called(each.names, end))
            if stored and len(_arrays(stored)) == len(layer.weights):
                found[layer.path] = stored
                break
    every = [id(each) for stored in found.values() for each in stored]
    return {
        path: stored
        for path, stored in found.items()
        if all(every.count(id(each)) == 1 for each in stored)
    }


def _is_called(names: tuple[str, ...], end: tuple[str, ...]) -> bool:
    """Whether a layer is called as the end of a path is, or is inside of one that is."""
    starts = range(len(names) - len(end) + 1)
    return "_".join(end) in names or any(names[at : at + len(end)] == end for at in starts)


# --- in order


def _all_in_order(
    wanted: list[SpecLayer], rest: list[StoredLayer], ordered: bool
) -> dict[str, Stored]:
    """All weights one after the other, where the file does not tell classes."""
    if not ordered:
        unknown = next(stored for stored in rest if not stored.kind)
        raise Misfit(
            f"it has nothing called `{'.'.join(wanted[0].parts)}`, and no order of its layers: "
            f"`{'.'.join(unknown.names)}` is in a class of the user's own"
        )
    last: dict[tuple[str, tuple[Shape, ...]], tuple[int, StoredLayer]] = {}
    for each in rest:
        stem, number = _stem_and_number(each.names[-1])
        before, other = last.get((stem, _shapes(each)), (-1, each))
        if number < before:
            raise Misfit(_SEVERAL.format(one=other.names[-1], other=each.names[-1]))
        last[stem, _shapes(each)] = (number, each)
    weights = {path: shape for layer in wanted for path, shape in layer.weights.items()}
    return _pairs(weights, _arrays(rest))


def _in_order(
    wanted: list[SpecLayer], stored: list[StoredLayer], ordered: bool
) -> dict[str, Stored]:
    """The layers of one class."""
    kind = wanted[0].kind
    if len(wanted) != len(stored):
        paths = ", ".join(f"`{layer.path}`" for layer in wanted[:5])
        raise Misfit(f"it has {len(stored)} `{kind}`, and the spec {len(wanted)}: {paths}")
    models: dict[tuple[str, ...], list[StoredLayer]] = {}
    for each in stored:
        models.setdefault(() if ordered else each.names[:-1], []).append(each)
    orders = _merged(wanted, tuple(models.values()))
    made = _as_made(stored)
    if made and made not in orders and all(map(_fits, wanted, made)):
        orders.append(made)
    if len(orders) > 1:
        pairs = zip(*orders[:2], strict=True)
        one, other = next((a, b) for a, b in pairs if a is not b)
        raise Misfit(_SEVERAL.format(one=one.names[-1], other=other.names[-1]))
    chosen = orders[0] if orders else stored  # whose first misfit is shown
    found: dict[str, Stored] = {}
    for layer, each in zip(wanted, chosen, strict=True):
        found |= _pairs(layer.weights, each.weights)
    return found


def _merged(
    wanted: list[SpecLayer], models: tuple[list[StoredLayer], ...]
) -> list[tuple[StoredLayer, ...]]:
    """Orders that have the wanted shapes and keep that of the layers of each model: two at most."""
    # How many layers of each model are used up, and the ways to get there.
    states: dict[tuple[int, ...], list[tuple[StoredLayer, ...]]] = {(0,) * len(models): [()]}
    for layer in wanted:
        reached: dict[tuple[int, ...], list[tuple[StoredLayer, ...]]] = {}
        for at, orders in states.items():
            for number, model in enumerate(models):
                if at[number] < len(model) and _fits(layer, model[at[number]]):
                    then = (*at[:number], at[number] + 1, *at[number + 1 :])
                    longer = [(*order, model[at[number]]) for order in orders]
                    reached[then] = [*reached.get(then, ()), *longer][:2]
        if len(reached) > _MOST_STATES:
            raise Misfit("its models are too many to tell the order of their layers")
        states = reached
    return [order for orders in states.values() for order in orders]


def _as_made(stored: list[StoredLayer]) -> tuple[StoredLayer, ...]:
    """By the numbers that Keras gave them, if all have different ones."""
    made: dict[int, StoredLayer] = {}
    for layer in stored:
        stem, number = _stem_and_number(layer.names[-1])
        if bare(stem) == layer.kind:
            made[number] = layer
    return tuple(made[number] for number in sorted(made)) if len(made) == len(stored) else ()


def _stem_and_number(name: str) -> tuple[str, int]:
    """`dense_12` is the thirteenth `dense`."""
    stem, _, number = name.rpartition("_")
    return (stem, int(number)) if stem and number.isdigit() else (name, 0)


def _fits(layer: SpecLayer, stored: StoredLayer) -> bool:
    return tuple(layer.weights.values()) == _shapes(stored)


def _shapes(stored: StoredLayer) -> tuple[Shape, ...]:
    return tuple(array.shape for array in stored.weights)


def _arrays(stored: Iterable[StoredLayer]) -> tuple[Stored, ...]:
    return tuple(array for layer in stored for array in layer.weights)


def _pairs(weights: Shapes, arrays: tuple[Stored, ...]) -> dict[str, Stored]:
    """Weights and arrays one by one. Raises Misfit."""
    pairs: dict[str, Stored] = {}
    for (path, shape), array in zip(weights.items(), arrays, strict=False):
        word = path.rsplit(".", 1)[-1]
        if array.shape != shape or array.word not in ("", word):
            there, here = list(array.shape), list(shape)
            raise Misfit(f"`{array.where}` is {there} there, and `{path}` is {here} here")
        pairs[path] = array
    if len(weights) != len(arrays):
        count = f"{len(weights)} weights are needed, and it has {len(arrays)}"
        if len(arrays) < len(weights):
            raise Misfit(f"{count}: `{[*weights][len(arrays)]}` is only here")
        raise Misfit(f"{count}: `{arrays[len(weights)].where}` is only there")
    return pairs
