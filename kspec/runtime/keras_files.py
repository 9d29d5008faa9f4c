"""The weights in files that Keras wrote: which layers there are, in which order, with what.

Keras 3 keeps `.weights.h5`, whose groups are called after the classes of layers
(`layers/dense_1/vars/0`), and `.keras`, an archive of such a file and a `config.json` that has
the layers in order. Keras 2 kept groups called after layers, with attributes that list them
(`layer_names`) and their weights (`weight_names`); so do the files of `keras.applications`.

Nothing of Keras runs here: the files are read as data.

Source: keras/src/saving/saving_lib.py and keras/src/legacy/saving/legacy_h5_format.py, 3.15.1.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from kspec.data.hdf5_files import Hdf5, faults, open_hdf5
from kspec.data.paths import unreadable

ENDINGS: Final = (".h5", ".hdf5", ".keras")
MODELS: Final = ("functional", "sequential", "model")  # what layers without a name are in
_LAYERS: Final = ("layers", "_layer_checkpoint_dependencies")  # the latter of Keras 2.13
# Layers in layers, in the order in which Keras lists their weights.
_PARTS: Final = (
    *("forward_layer", "backward_layer", "cell", "layer", "cells"),
    *("query_dense", "key_dense", "value_dense", "output_dense"),
)
_STATES: Final = ("seed_generator", "vars", "optimizer")  # no weights of layers below these
_COUNT: Final = ("normalization", "2")  # how many examples it has seen, behind their statistics
_LARGEST_CONFIG: Final = 2**26
_EXPANSION: Final = 1_000


@dataclass(frozen=True, slots=True)
class Stored:
    """An array in the file.

    Attributes:
        where: Its path there.
        word: What Keras calls it in its layer: `kernel`; empty where the file does not say.
        shape: Its shape.
        read: Reads it. Raises SpecError.
    """

    where: str
    word: str
    shape: tuple[int, ...]
    read: Callable[[], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer in the file.

    Attributes:
        names: The names of the models that it is in, from outside, and its own.
        kind: Its class, as `bare` spells it; empty where the file does not say.
        weights: Its weights in Keras' order.
    """

    names: tuple[str, ...]
    kind: str
    weights: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class KerasWeights:
    """What a file holds.

    Attributes:
        layers: The layers that have weights.
        ordered: Whether they are in the model's order; else only those of one class in one
            model are.
    """

    layers: tuple[StoredLayer, ...]
    ordered: bool


def bare(kind: str) -> str:
    """The name of a class without underscores and capitals: `p_re_lu` and `PReLU` are one."""
    plain = kind.replace("_", "").lower()
    return {"groupedqueryattention": "groupqueryattention"}.get(plain, plain)


@contextmanager
def open_keras(file: Path, shown: str) -> Generator[KerasWeights]:
    """Open a file that Keras wrote; its arrays can be read until it is closed.

    Args:
        file: The file.
        shown: What messages call it.

    Raises:
        SpecError: It is damaged, not of Keras, leads elsewhere, or claims more than it holds.
    """
    config: Any = None
    content: Path | BytesIO = file
    if file.suffix == ".keras":
        content, config = _unpack(file, shown)
    with open_hdf5(content, shown) as (hdf5, root):
        with faults(shown):
            found = _Reader(hdf5).read(root, config)
        if not found.layers:
            raise unreadable(shown, "it has no weights of layers")
        yield found


def _unpack(file: Path, shown: str) -> tuple[BytesIO, Any]:
    """The weights of a `.keras` archive, and its config. Raises SpecError."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info for info in archive.infolist()}
            for name in ("model.weights.h5", "config.json"):
                if name not in members:
                    raise unreadable(shown, f"it has no `{name}`")
                info = members[name]
                most = max(2**20, info.compress_size * _EXPANSION)
                if info.file_size > (most if name.endswith("h5") else min(most, _LARGEST_CONFIG)):
                    raise unreadable(shown, f"`{name}` claims {info.file_size:,} bytes")
            config = json.loads(archive.read("config.json"))
            return BytesIO(archive.read("model.weights.h5")), config
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise unreadable(shown, f"it is no whole .keras archive ({error})") from None
    except (ValueError, RuntimeError, NotImplementedError, RecursionError) as error:
        raise unreadable(shown, str(error).split("\n")[0]) from None


class _Reader:
    """Lists the layers of one file. What h5py raises is caught around it."""

    def __init__(self, hdf5: Hdf5) -> None:
        self.hdf5 = hdf5

    def read(self, root: Any, config: Any) -> KerasWeights:
        """Whatever kind of file it is."""
        top = self.hdf5.children(root)
        if "model_weights" in top:  # a whole model of Keras 2
            root = top["model_weights"]
        names = self.hdf5.words(root, "layer_names")
        if names is not None:
            return KerasWeights(tuple(self._listed(root, names)), ordered=True)
        order = _config_layers(config)
        return KerasWeights(tuple(self._model(root, (), order)), ordered=order is not None)

    # --- Keras 2

    def _listed(self, root: Any, names: list[str]) -> Iterator[StoredLayer]:
        """Layers in groups of their names; those of a model inside are told apart by paths."""
        for name in names:
            group = self.hdf5.at(root, name)
            listed = self.hdf5.words(group, "weight_names") if group is not None else []
            layers: dict[str, list[Stored]] = {}
            for path in listed or ():
                owner, _, word = path.rpartition("/")
                if word.partition(":")[0] == "count":
                    continue
                dataset = self.hdf5.at(group, path)
                # Keras 1 wrote `block1_conv1_W_1`.
                stored = self._stored(dataset, f"{name}/{path}", word if owner else "")
                layers.setdefault(owner, []).append(stored)
            for owner, weights in layers.items():
                parts = (part for part in (name, *owner.split("/")) if part)
                yield StoredLayer(tuple(dict.fromkeys(parts)), "", tuple(weights))

    # --- Keras 3

    def _model(
        self, group: Any, names: tuple[str, ...], order: list[Any] | None
    ) -> Iterator[StoredLayer]:
        """The layers of a model, and of the models in it."""
        children = self.hdf5.children(group)
        container = next((children[name] for name in _LAYERS if name in children), None)
        layers = {} if container is None else self.hdf5.children(container)
        for name, config in _in_order(layers, order):
            kind = re.sub(r"_\d+$", "", name)
            own = self._name(layers[name]) or name
            yield from self._layer(layers[name], (*names, own), kind, config)
        for name, child in children.items():  # attributes of a class of the user's own
            if name not in (*_LAYERS, *_STATES) and self.hdf5.is_group(child):
                yield from self._layer(child, (*names, name), "", None)

    def _layer(
        self, group: Any, names: tuple[str, ...], kind: str, config: Any
    ) -> Iterator[StoredLayer]:
        """One layer, or those of a model or of a layer of the user's own."""
        children = self.hdf5.children(group)
        parts = [name for name in children if name not in _STATES]
        known = [name for name in parts if name.lstrip("_") in _PARTS]
        if any(name in children for name in _LAYERS):
            yield from self._model(group, names, _config_layers(config))
            return
        weights = self._weights(group, kind)
        if weights:
            yield StoredLayer(names, bare(kind), weights)
        for name in parts:
            if name not in known and self.hdf5.is_group(children[name]):
                yield from self._layer(children[name], (*names, name), "", None)

    def _weights(self, group: Any, kind: str = "") -> tuple[Stored, ...]:
        """The weights of a layer, those of its parts first."""
        children = self.hdf5.children(group)
        parts = [name for name in children if name.lstrip("_") in _PARTS]
        found: list[Stored] = []
        for name in sorted(parts, key=lambda part: _PARTS.index(part.lstrip("_"))):
            if name == "cells":
                found += self._cells(children[name])
            else:
                found += self._weights(children[name])
        own = self.hdf5.children(children["vars"]) if "vars" in children else {}
        if kind == "spectral_normalization":  # which lists its layer's kernel as its own, too
            own = dict(list(own.items())[-1:])
        own = {name: each for name, each in own.items() if (kind, name) != _COUNT}
        found += [self._stored(each, str(each.name).lstrip("/"), "") for each in own.values()]
        return tuple(found)

    def _cells(self, group: Any) -> list[Stored]:
        """Cells in a stack: groups by class, which have an order only if it is one class."""
        cells = self.hdf5.children(group)
        kinds = {re.sub(r"_\d+$", "", name) for name in cells}
        if len(kinds) > 1:
            reason = f"`{group.name}` has cells of several classes, and not their order"
            raise unreadable(self.hdf5.shown, reason)
        return [stored for cell in cells.values() for stored in self._weights(cell)]

    def _name(self, group: Any) -> str:
        """What the user called a layer, or Keras."""
        own = self.hdf5.children(group).get("vars")
        name = own.attrs.get("name", "") if own is not None else ""
        return name if isinstance(name, str) else ""

    def _stored(self, dataset: Any, where: str, word: str) -> Stored:
        if dataset is None:
            raise unreadable(self.hdf5.shown, f"it lists `{where}`, and has nothing there")
        self.hdf5.check(dataset)

        def read() -> NDArray[np.float32]:
            return self.hdf5.numbers(dataset)

        return Stored(where, word.partition(":")[0], tuple(dataset.shape), read)


def _config_layers(config: Any) -> list[Any] | None:
    """The layers that a model's config lists; None where it lists none."""
    inner: Any = cast("Any", config).get("config") if isinstance(config, dict) else None
    layers: Any = cast("Any", inner).get("layers") if isinstance(inner, dict) else None
    return cast("list[Any]", layers) if isinstance(layers, list) else None


def _in_order(layers: dict[str, Any], order: list[Any] | None) -> Iterator[tuple[str, Any]]:
    """The groups of layers as the config has them, each with its part of it.

    A group is called after its layer's class, with a number from the second one on.
    """
    if order is None:
        yield from ((name, None) for name in layers)
        return
    used: dict[str, int] = {}
    left = dict.fromkeys(layers)
    for config in order:
        name: Any = cast("Any", config).get("class_name") if isinstance(config, dict) else None
        kind = snake(str(name))
        number = used[kind] = used.get(kind, -1) + 1
        group = f"{kind}_{number}" if number else kind
        if group in left:
            del left[group]
            yield group, config
    yield from ((name, None) for name in left)  # a config that is not of these weights


def snake(name: str) -> str:
    """A class as Keras calls its group: `Conv2DTranspose` is `conv2d_transpose`."""
    return re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", name).lower()
