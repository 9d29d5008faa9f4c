"""`init`: every weight from its initializer, each with a key of its own.

Where the state has the weights of several layers as one array, those that start alike are
drawn by one loop over their keys: XLA compiles a single draw, however many layers there are, and
each has the bits that it has by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from kspec.codegen import layout
from kspec.codegen.file import File
from kspec.codegen.optimizers import held_rates, holds_rates
from kspec.codegen.phases import learned_of
from kspec.codegen.steps import INFERENCE_STATE, STATE
from kspec.initializers.base import Initializer
from kspec.ir import Module, Weight
from kspec.registry import make

IN_LOOP: Final = "key"
_KEYS: Final = re.compile(r"\bkeys\[[\d:]+\]")


def init_function(file: File) -> str:
    """`init(key)`."""
    learned, fixed = _first_values(file)
    lines = ["def init(key):"]
    if file.module.train is not None:
        lines += ['    """The state before the first update."""']
        lines += ["    weights_key, steps_key = jax.random.split(key)"]
    else:
        lines += ['    """The weights before any training."""', "    weights_key = key"]
    if any(_KEYS.search(value) for value in (*learned.values(), *fixed.values())):
        count = len(file.module.weights)
        lines += [f"    keys = jax.random.split(weights_key, {count})"]
    lines += layout.dictionary(layout.nest(learned), 1, "params = ")
    lines += layout.dictionary(layout.nest(fixed), 1, "stats = ")
    return "\n".join([*lines, *_state(file)])


def draws_of(module: Module) -> tuple[int, int]:
    """How often `init` draws, and in how many ways; layers that share a loop count once."""
    learned, fixed = _first_values(File(module))
    drawn = [v for v in (*learned.values(), *fixed.values()) if _KEYS.search(v)]
    ways = {_KEYS.sub("", value) for value in drawn}
    return sum(len(_KEYS.findall(value)) for value in drawn), len(ways)


def _first_values(file: File) -> tuple[dict[str, str], dict[str, str]]:
    """Of what is learned, by its place in the state, and of what is not, by path."""
    number = {weight.path: at for at, weight in enumerate(file.module.weights)}
    weights = {weight.path: weight for weight in file.module.weights}
    arrays = file.stacks.arrays([weight.path for weight in file.learned])
    learned = {
        home: _first_value(file, [weights[path] for path in paths], number)
        for home, paths in arrays.items()
    }
    return learned, {w.path: _draw(file, w, f"keys[{number[w.path]}]") for w in file.fixed}


def _draw(file: File, weight: Weight, key: str, rounds: tuple[int, ...] = ()) -> str:
    rule = cast("Initializer", make("initializer", weight.init))
    type = weight.value.type
    return rule.emit(key, type.with_shape((*rounds, *type.shape)), file)


def _first_value(file: File, weights: list[Weight], number: Mapping[str, int]) -> str:
    """The first value of an array: of one weight, or of one in each of several layers."""
    keys = [number[weight.path] for weight in weights]
    draws = [_draw(file, w, f"keys[{key}]") for w, key in zip(weights, keys, strict=True)]
    if len(draws) == 1:
        return draws[0]
    one_by_one = f"jnp.stack([{', '.join(draws)}])"
    draw, *others = (_draw(file, weight, IN_LOOP) for weight in weights)
    if any(other != draw for other in others):
        return one_by_one
    if cast("Initializer", make("initializer", weights[0].init)).even:
        return _draw(file, weights[0], IN_LOOP, (len(weights),))
    if draw == _draw(file, weights[0], ""):
        return f"jnp.stack([{draw}] * {len(weights)})"
    step = keys[1] - keys[0]
    if keys != list(range(keys[0], keys[0] + step * len(keys), step)):
        return one_by_one
    return f"jax.lax.map(lambda {IN_LOOP}: {draw}, keys[{keys[0]}:{keys[-1] + 1}:{step}])"


def _state(file: File) -> list[str]:
    """The lines that return it."""
    if not file.phases:
        return [INFERENCE_STATE]
    first = file.phases[0]
    rates = held_rates(file, first)
    names = {
        "optimizer": first.named("optimizer") + ("(rates)" if rates else ""),
        "learned": learned_of(file, first),
        "rates": '\n        "rates": ' + ("rates," if rates else "{},"),
    }
    if not holds_rates(file):
        names["rates"] = ""
    return [*(layout.dictionary(rates, 1, "rates = ") if rates else []), STATE.substitute(names)]
