"""Weights by path: `dense.kernel` against the nested dicts of the program's state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kspec.diagnostics import SpecError
from kspec.diagnostics.errors import FileMissing, FileUnreadable, WeightsMisfit
from kspec.files import replacing
from kspec.runtime import compat
from kspec.runtime.executable import Executable, Tree
from kspec.runtime.keras_files import ENDINGS, open_keras
from kspec.runtime.keras_match import Misfit, match, spec_layers
from kspec.runtime.stacks import Place, places, unstacked

ROOTS = ("params", "stats")
NOTE = "kspec"  # the one entry of the headers that runs write: more have no fixed order
HASH = "sha256"  # in it, of arrays and note
Note = Mapping[str, str]


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"dense": {"kernel": a}}` as `{"dense.kernel": a}`."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{path}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            flat[path] = value
    return flat


def weight_places(executable: Executable, state: Tree) -> dict[str, Place]:
    """Where a state has each weight, by path: what is learned, then the statistics."""
    learned, fixed = (places(state[root], (root,)) for root in ROOTS)
    return {**flatten(unstacked(executable, learned)), **flatten(fixed)}


class Weights(MutableMapping[str, NDArray[Any]]):
    """The weights of a run as a mapping from path to NumPy array; assigning sets them.

    Args:
        state: The program's state; assignments change its leaves in place.
        places: Where it has the weights, by path, in order.
    """

    def __init__(self, state: Tree, places: Mapping[str, Place]) -> None:
        self._state = state
        self._places = places

    def _holder(self, place: Place) -> tuple[Tree, str]:
        *parents, last = place.keys
        at = self._state
        for part in parents:
            at = at[part]
        return at, last

    def __getitem__(self, path: str) -> NDArray[Any]:
        place = self._places[path]
        holder, last = self._holder(place)
        array = np.asarray(holder[last])
        return array if place.number is None else array[place.number]

    def __setitem__(self, path: str, value: Any) -> None:
        self.update({path: value})

    def update(self, values: Mapping[str, Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Set several, all or none; an array of the state that has some of them is made once."""
        new: dict[tuple[str, ...], NDArray[Any]] = {}
        for path, value in values.items():
            place, array, old = self._places[path], np.asarray(value), self[path]
            if array.shape != old.shape:
                raise ValueError(f"{path} has the shape {old.shape}, not {array.shape}")
            if place.number is None:
                new[place.keys] = array.astype(old.dtype)
                continue
            if place.keys not in new:
                holder, last = self._holder(place)
                new[place.keys] = np.array(holder[last])
            new[place.keys][place.number] = array
        for keys, array in new.items():
            holder, last = self._holder(Place(keys))
            holder[last] = compat.like(array, holder[last])

    def __delitem__(self, path: str) -> None:
        raise TypeError("weights can be set but not removed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def save_weights(
    weights: Mapping[str, NDArray[Any]], path: Path, note: Mapping[str, str] | None = None
) -> None:
    """Write weights as safetensors; the old file stays until the new one is whole.

    The header has a hash of them, which `read_weights` compares.

    Args:
        weights: Arrays by path.
        path: The file.
        note: What its header says beside them.
    """
    from safetensors import numpy as safetensors

    arrays = {name: np.asarray(value, order="C") for name, value in weights.items()}
    about = dict(note or {})
    about = {NOTE: json.dumps({**about, HASH: _hash(arrays, about)}, sort_keys=True)}
    with replacing(path) as temporary:
        temporary.write_bytes(cast("Any", safetensors).save(arrays, about))


def _hash(arrays: Mapping[str, NDArray[Any]], note: Note) -> str:
    """A hash of names, types, shapes and values, and of what stands beside them."""
    digest = hashlib.sha256(json.dumps(note, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def read_weights(
    path: Path, weights: Iterable[str], *, own: bool = False
) -> tuple[dict[str, NDArray[Any]], Note]:
    """Those weights of a safetensors file that it has, and what its header says beside them.

    Args:
        path: The file.
        weights: Their names.
        own: Whether a run wrote it, so that it must have the hash that tells damage.

    Raises:
        SpecError: It cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with cast("Any", safe_open)(path, "numpy") as file:
            there = set(file.keys())
            raw: dict[str, str] = dict(file.metadata() or {})
            note: dict[str, str] = json.loads(raw[NOTE]) if NOTE in raw else raw
            digest = note.pop(HASH, None) if NOTE in raw else None
            if digest is None and not own:
                return {name: file.get_tensor(name) for name in weights if name in there}, note
            arrays = {name: file.get_tensor(name) for name in there}
    except FileNotFoundError:
        raise SpecError((FileMissing(span=None, path=path.as_posix()),)) from None
    except (SafetensorError, OSError, ValueError, AttributeError) as error:
        raise SpecError((_unreadable(path, str(error)),)) from None
    if _hash(arrays, note) != digest:
        raise SpecError((_unreadable(path, "it is damaged: its hash is another"),))
    return {name: arrays[name] for name in weights if name in arrays}, note


def load_into(
    weights: Weights, part: str, path: Path, layers: Mapping[str, str] | None = None
) -> set[str]:
    """Set the weights of a part from a file; their paths.

    Args:
        weights: All weights.
        part: The path of the part; empty for all.
        path: A safetensors file, whose names are those of the part or of the whole model, or a
            file that Keras wrote, whose layers are found by names and order.
        layers: The name of each layer that has weights, by its path.

    Raises:
        SpecError: It cannot be read, or lacks a weight, or has one of another shape.
    """
    if path.suffix in ENDINGS:
        found = _read_keras(weights, part, path, layers or {})
        weights.update(found)
        return set(found)
    if path.suffix != ".safetensors":
        endings = ", ".join(f"`{ending}`" for ending in (".safetensors", *ENDINGS))
        raise SpecError((_unreadable(path, f"weights are read from {endings} files"),))
    own = {name: name[len(part) :].lstrip(".") for name in weights if _is_in(name, part)}
    found, _ = read_weights(path, {*own, *own.values()})
    new: dict[str, NDArray[Any]] = {}
    for name, short in own.items():
        value = found.get(short, found.get(name))
        reason = f"it has no `{short}`" if value is None else ""
        if value is not None and value.shape != weights[name].shape:
            reason = f"`{short}` is {list(value.shape)} there and {list(weights[name].shape)} here"
        if value is None or reason:
            raise SpecError((_misfit(path, part, reason),))
        new[name] = value
    weights.update(new)
    return set(new)


def read_tables(path: Path, part: str, tables: Iterable[str]) -> dict[str, tuple[str | int, ...]]:
    """The vocabularies of a part that a file of weights has. Raises SpecError."""
    own = {name: name[len(part) :].lstrip(".") for name in tables if _is_in(name, part)}
    if not own:
        return {}
    if path.suffix != ".safetensors":
        first = next(iter(own))
        reason = f"`{first}` is a vocabulary, which is read from `.safetensors` files only"
        raise SpecError((_misfit(path, part, reason),))
    found, _ = read_weights(path, {*own, *own.values()})
    keys = {name: short if short in found else name for name, short in own.items()}
    for name, key in keys.items():
        if key not in found:
            raise SpecError((_misfit(path, part, f"it has no `{name}`"),))
    there = {name: found[key] for name, key in keys.items()}
    try:
        return {name: decoded(array) for name, array in there.items()}
    except ValueError as error:
        raise SpecError((_unreadable(path, f"a vocabulary is damaged: {error}"),)) from None


def _read_keras(
    weights: Weights, part: str, path: Path, layers: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    """The weights of a part from a file that Keras wrote. Raises SpecError."""
    shapes = {name: weights[name].shape for name in weights}
    try:
        wanted = spec_layers(shapes, part, layers)
        with open_keras(path, path.as_posix()) as file:
            return {name: stored.read() for name, stored in match(wanted, file).items()}
    except Misfit as misfit:
        raise SpecError((_misfit(path, part, str(misfit)),)) from None


def _misfit(path: Path, part: str, reason: str) -> WeightsMisfit:
    return WeightsMisfit(span=None, path=path.as_posix(), part=part or "the model", reason=reason)


def _is_in(path: str, part: str) -> bool:
    return not part or f"{path}.".startswith(f"{part}.")


def _unreadable(path: Path, reason: str) -> FileUnreadable:
    return FileUnreadable(span=None, path=path.as_posix(), reason=reason)


def encoded(tables: Mapping[str, tuple[str | int, ...]]) -> dict[str, NDArray[Any]]:
    """Vocabularies as arrays of bytes, for files of weights."""
    return {path: np.frombuffer(json.dumps(t).encode(), np.uint8) for path, t in tables.items()}


def decoded(array: NDArray[Any]) -> tuple[str | int, ...]:
    """A vocabulary from its bytes. Raises ValueError."""
    words = json.loads(array.tobytes().decode())
    if not isinstance(words, list):
        raise ValueError("it is no list")
    return tuple(cast("list[str | int]", words))
