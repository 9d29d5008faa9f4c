"""Attention: outputs, scores and gradients of Keras, with every kind of mask."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kspec.runtime.run import Run
from tests.parity.harness import GRADIENT_ATOL, GRADIENT_RTOL, Figure, close, floats, keras, program
from tests.parity.test_recurrent import copy_in_order

K: Any = keras.layers
VALUES, SLOPES = Figure("layer", "attention"), Figure("layer", "attention", "gradients")
ROWS, T, S, F = 3, 5, 4, 6
RNG = np.random.default_rng(0)
Q_MASK = RNG.random((ROWS, T)) > 0.3
V_MASK = RNG.random((ROWS, S)) > 0.4
ALLOWED = RNG.random((ROWS, T, S)) > 0.3
for mask in (Q_MASK, V_MASK):
    mask[:, 0] = True
ALLOWED[:, :, 0] = True


class Case(NamedTuple):
    """A layer in both languages.

    Attributes:
        call: In a spec.
        layer: In Keras.
        options: What Keras takes in the call.
        operands: How many: 1 is the query to itself.
        results: How many results.
        masks: Which masks are there: `q`, `v`, `k`, and `a` for one from the call.
        shape: The axes of the query behind the batch.
    """

    call: str
    layer: Callable[[], keras.Layer]
    options: Any = MappingProxyType({})
    operands: int = 2
    results: int = 1
    masks: str = ""
    shape: tuple[int, ...] = (T, F)


CAUSAL, SCORES = {"use_causal_mask": True}, {"return_attention_scores": True}
MHA, GQA = "multi_head_attention", "group_query_attention"
CASES = [
    Case(f"{MHA}(2, 3)", lambda: K.MultiHeadAttention(2, 3)),
    Case(f"{MHA}(2, 3)", lambda: K.MultiHeadAttention(2, 3), operands=3),
    Case(f"{MHA}(2, 3)", lambda: K.MultiHeadAttention(2, 3), masks="qv"),
    Case(f"{MHA}(2, 3)", lambda: K.MultiHeadAttention(2, 3), operands=3, masks="qvka"),
    Case(
        f"{MHA}(2, 3, use_causal_mask=true)", lambda: K.MultiHeadAttention(2, 3), CAUSAL, operands=1
    ),
    Case(
        f"{MHA}(2, 3, use_causal_mask=true)",
        lambda: K.MultiHeadAttention(2, 3),
        CAUSAL,
        masks="a",
    ),
    Case(
        f"{MHA}(2, 3, return_attention_scores=true)",
        lambda: K.MultiHeadAttention(2, 3),
        SCORES,
        results=2,
        masks="qv",
    ),
    Case(
        f"{MHA}(2, 3, return_attention_scores=true, use_causal_mask=true)",
        lambda: K.MultiHeadAttention(2, 3),
        SCORES | CAUSAL,
        operands=1,
        results=2,
    ),
    Case(
        f"{MHA}(2, 3, value_dim=5, use_bias=false, output_shape=7, dropout=0.5)",
        lambda: K.MultiHeadAttention(2, 3, 5, 0.5, use_bias=False, output_shape=7),
    ),
    Case(
        f"{MHA}(2, 3, output_shape=(2, 4), use_gate=true, sliding_window=2)",
        lambda: K.MultiHeadAttention(2, 3, output_shape=(2, 4), use_gate=True, sliding_window=2),
        operands=1,
    ),
    Case(f"{MHA}(2, 3)", lambda: K.MultiHeadAttention(2, 3), operands=1, shape=(2, 3, F)),
    Case(
        f"{MHA}(2, 3, attention_axes=2)",
        lambda: K.MultiHeadAttention(2, 3, attention_axes=2),
        operands=1,
        shape=(2, 3, F),
    ),
    Case(
        f"{MHA}(2, 3, attention_axes=(1,))",
        lambda: K.MultiHeadAttention(2, 3, attention_axes=(1,)),
        operands=1,
        shape=(2, 3, F),
    ),
    Case(f"{GQA}(3, 4, 2)", lambda: K.GroupQueryAttention(3, 4, 2)),
    Case(f"{GQA}(3, 4, 2)", lambda: K.GroupQueryAttention(3, 4, 2), operands=3, masks="qvk"),
    Case(
        f"{GQA}(3, 4, 1, use_causal_mask=true, use_gate=true)",
        lambda: K.GroupQueryAttention(3, 4, 1, use_gate=True),
        CAUSAL,
        operands=1,
    ),
    Case(
        f"{GQA}(3, 4, 2, return_attention_scores=true, sliding_window=2)",
        lambda: K.GroupQueryAttention(3, 4, 2, sliding_window=2),
        SCORES,
        operands=1,
        results=2,
    ),
    Case(f"{GQA}(3, 4, 4, use_bias=false)", lambda: K.GroupQueryAttention(3, 4, 4, use_bias=False)),
    Case("attention", lambda: K.Attention()),
    Case("attention", lambda: K.Attention(), operands=3, masks="qv"),
    Case("attention(use_scale=true)", lambda: K.Attention(use_scale=True)),
    Case(
        "attention(use_scale=true, score_mode=concat, use_causal_mask=true)",
        lambda: K.Attention(use_scale=True, score_mode="concat"),
        CAUSAL,
        masks="v",
    ),
    Case("attention(score_mode=concat)", lambda: K.Attention(score_mode="concat")),
    Case(
        "attention(dropout=0.3, return_attention_scores=true)",
        lambda: K.Attention(dropout=0.3),
        SCORES,
        results=2,
        masks="v",
    ),
    Case("additive_attention", lambda: K.AdditiveAttention()),
    Case("additive_attention", lambda: K.AdditiveAttention(), operands=3, masks="qv"),
    Case(
        "additive_attention(use_scale=false, use_causal_mask=true)",
        lambda: K.AdditiveAttention(use_scale=False),
        CAUSAL,
    ),
]


def spec(case: Case) -> str:
    """The model. Masks come along through `embedding`, which adds nothing."""
    lines = [f"  input q : f32{list(case.shape)}"]
    lines += [f"  input {name} : f32[{S}, {F}]" for name in "vk"[: case.operands - 1]]
    operands = list("qvk"[: case.operands])
    for index, name in enumerate(operands):
        if name in case.masks:
            steps = T if name == "q" else S
            lines.append(f"  input {name}_steps : i32[{steps}]")
            words = f'{name}_steps -> embedding(2, {F}, zeros, mask_zero=true, name="{name}_m")'
            # Where one side has a mask and the other has none, Keras' rule drops it.
            lines.append(
                f"  {name}x = ({name}_steps -> embedding(2, {F}, zeros, "
                f'mask_zero=true, name="{name}_n")) + ({words}) * 0'
            )
            operands[index] = f"{name}x"
    call = case.call if case.call.endswith(")") else f"{case.call}()"
    if "a" in case.masks:
        lines.append(f"  input allowed : bool[{T}, {S}]")
        call = f"{call[:-1]}, attention_mask=allowed)"
    made = ", ".join(f"y{i}" for i in range(case.results))
    source = f"({', '.join(operands)})" if len(operands) > 1 else operands[0]
    lines.append(f"  {made} = {source} -> {call.replace('(, ', '(').replace('()', '')}")
    return "\n".join([*lines, *(f"  output out{i} = y{i}" for i in range(case.results))])


def arrays(case: Case) -> dict[str, np.ndarray]:
    """The operands; those with a mask are given as vectors of an embedding of two words."""
    found = {"q": floats(ROWS, *case.shape, seed=1)}
    found |= {name: floats(ROWS, S, F, seed=2 + i) for i, name in enumerate("vk")}
    return found


MASKS = {"q": Q_MASK, "v": V_MASK, "k": V_MASK}


def ours_of(case: Case, given: dict[str, np.ndarray]) -> tuple[Run, dict[str, Any]]:
    """The program and its inputs; masked operands become vectors of an embedding."""
    run = program(spec(case))
    names = "qvk"[: case.operands]
    batch: dict[str, Any] = {name: given[name] for name in names}
    for name in names:
        if name in case.masks:
            batch[f"{name}_steps"] = MASKS[name].astype(np.int32)
            table = floats(2, F, seed=40 + ord(name))
            run.weights[f"{name}_n.embeddings"] = table
            given[name] = table[MASKS[name].astype(int)]
    if "a" in case.masks:
        batch["allowed"] = ALLOWED
    return run, batch


def keras_masks(
    case: Case, names: str, values: list[Any], masks: dict[str, Any], listed: bool
) -> dict[str, Any]:
    """The masks as Keras' calls take them; multi-head attention also asks the query."""
    if listed:
        given = [masks[name] if name in case.masks else None for name in "qv"]
        return {"mask": given} if set("qv") & set(case.masks) else {}
    words = {"q": "query_mask", "v": "value_mask", "k": "key_mask"}
    options = {words[name]: masks[name] for name in names if name in case.masks}
    if "a" in case.masks:
        options["attention_mask"] = ALLOWED
    return options


@pytest.mark.parametrize(
    "case", CASES, ids=lambda c: f"{c.call} {c.operands} {c.masks} {len(c.shape)}"
)
def test_outputs_and_gradients_are_those_of_keras(case: Case):
    given, names, masks = arrays(case), "qvk"[: case.operands], MASKS
    run, batch = ours_of(case, given)
    layer = case.layer()
    values = [jnp.asarray(given[name]) for name in names]
    if case.operands == 1:
        values = [values[0], values[0]]
    options = dict(case.options)
    listed = isinstance(layer, (K.Attention, K.AdditiveAttention))
    options |= keras_masks(case, names, values, masks, listed)
    layer(values, **options) if listed else layer(*values, **options)
    own = [path for path in run.weights if "_n." not in path and "_m." not in path]
    copy_in_order(layer, run, own)
    outputs: Any = run.executable.outputs

    def ours(params: Any) -> list[jax.Array]:
        found = outputs(params, run.state["stats"], batch)
        return [found[f"out{i}"] for i in range(case.results)]

    fixed = [v.value for v in layer.non_trainable_variables]

    def theirs(weights: Any) -> list[jax.Array]:
        if isinstance(layer, K.MultiHeadAttention) and "q" in case.masks:
            keras.src.backend.set_keras_mask(values[0], jnp.asarray(Q_MASK))  # it takes it away
        args = [values] if listed else values
        found, _ = layer.stateless_call(weights, fixed, *args, **options, training=False)
        return list(found) if case.results > 1 else [found]

    y, pull = jax.vjp(ours, run.state["params"])
    y_keras, pull_keras = jax.vjp(theirs, [v.value for v in layer.trainable_variables])
    for one, other in zip(y, y_keras, strict=True):
        close(one, other, figure=VALUES)
    seeds = [jnp.asarray(floats(*each.shape, seed=9 + i)) for i, each in enumerate(y)]
    (grads,), (k_grads,) = pull(seeds), pull_keras(seeds)
    for path, gradient in zip(own, k_grads, strict=True):
        leaf: Any = grads
        for part in path.split("."):
            leaf = leaf[part]
        close(leaf, gradient, GRADIENT_RTOL, GRADIENT_ATOL, figure=SLOPES)
