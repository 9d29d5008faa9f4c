"""`init`: every weight from its initializer, each with a key of its own.

Where the state has the weights of several layers as one array, those that start alike are
drawn in a loop of Python, by the programs of single weights. `jax.vmap` over the keys would
need none to stack them, but larger ones to draw, which XLA compiles for longer, and JAX does
not say that all its rules, such as the orthogonal one on GPUs, give the same bits so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from kspec.codegen import layout
from kspec.codegen.file import File
from kspec.codegen.optimizers import held_rates, holds_rates
from kspec.codegen.phases import learned_of
from kspec.codegen.steps import INFERENCE_STATE, STATE
from kspec.initializers.base import Initializer
from kspec.ir import Weight
from kspec.registry import make

IN_LOOP: Final = "keys[at]"


def init_function(file: File) -> str:
    """`init(key)`."""
    number = {weight.path: at for at, weight in enumerate(file.module.weights)}
    weights = {weight.path: weight for weight in file.module.weights}
    arrays = file.stacks.arrays([weight.path for weight in file.learned])
    learned = {
        home: _first_value(file, [weights[path] for path in paths], number)
        for home, paths in arrays.items()
    }
    fixed = {w.path: _draw(file, w, f"keys[{number[w.path]}]") for w in file.fixed}
    lines = ["def init(key):"]
    if file.module.train is not None:
        lines += ['    """The state before the first update."""']
        lines += ["    weights_key, steps_key = jax.random.split(key)"]
    else:
        lines += ['    """The weights before any training."""', "    weights_key = key"]
    if any("keys[" in value for value in (*learned.values(), *fixed.values())):
        lines += [f"    keys = jax.random.split(weights_key, {len(number)})"]
    lines += layout.dictionary(layout.nest(learned), 1, "params = ")
    lines += layout.dictionary(layout.nest(fixed), 1, "stats = ")
    return "\n".join([*lines, *_state(file)])


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
    if IN_LOOP not in draw:
        return f"jnp.stack([{draw}] * {len(weights)})"
    step = keys[1] - keys[0]
    numbers = range(keys[0], keys[0] + step * len(keys), step)
    return f"jnp.stack([{draw} for at in {numbers}])" if list(numbers) == keys else one_by_one


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
