"""The parts of a generated file that no model changes: state, steps, and the scan.

Written here as they appear in the file. `tests/test_run.py` runs them.
"""

from __future__ import annotations

from string import Template
from typing import Final

from kspec.ir import Phase

STATE: Final = Template(
    """\
    return {
        "params": params,
        "stats": stats,
        "optimizer": $optimizer.init($learned),
        "step": jnp.int32(0),
        "key": steps_key,
    }"""
)

INFERENCE_STATE: Final = """\
    return {"params": params, "stats": stats}"""

_STEP: Final = Template(
    '''\
def step$suffix(state, batch, mask):
    """One update$of; random ops draw from a key of the step's number."""
    key = jax.random.fold_in(state["key"], state["step"])
    $params
    gradient = jax.value_and_grad($loss, has_aux=True)
    (_, (sums, stats)), grads = gradient($arguments)
    updates, moments = optimizer$suffix.update(grads, state["optimizer"], params)
    state = {
        "params": $updated,
        "stats": stats,
        "optimizer": moments,
        "step": state["step"] + 1,
        "key": state["key"],
    }
    return state, sums


@partial(jax.jit, donate_argnums=0)
def train_step$suffix(state, batch, mask):
    """One update$of.

    `batch` maps fields to arrays, `mask` is f32[B]; `state` is used up.
    """
    return step$suffix(state, batch, mask)


@partial(jax.jit, donate_argnums=0)
def train_steps$suffix(state, data, rows, mask):
    """K updates$of in one dispatch; each gathers its rows of `data`.

    `data` maps fields to all their examples, `rows` is i32[K,B], `mask` f32[K,B].
    """

    def gather_and_step(state, chosen):
        rows, mask = chosen
        batch = {name: field[rows] for name, field in data.items()}
        return step$suffix(state, batch, mask)

    state, sums = jax.lax.scan(gather_and_step, state, (rows, mask))
    return state, jax.tree.map(lambda each: each.sum(axis=0), sums)'''
)


def updates(phase: Phase, splits: bool, limits: bool, scale: float | None) -> str:
    """The update of a phase, alone and K in a dispatch.

    Args:
        phase: The phase; its functions end in its name.
        splits: Whether some weights are frozen, so that `split` tells them from the others.
        limits: Whether `constrain` brings some weights back after the update.
        scale: What the loss is multiplied with before its gradients are taken.
    """
    loss = phase.named("train")
    params = 'params = state["params"]'
    arguments = 'params, state["stats"], batch, mask, key'
    updated = "optax.apply_updates(params, updates)"
    if limits:
        updated = f"{phase.named('constrain')}({updated})"
    if splits:
        params = f'params, frozen = {phase.named("split")}(state["params"])'
        arguments = '\n        params, frozen, state["stats"], batch, mask, key\n    '
        updated = f"merge({updated}, frozen)"
    return _STEP.substitute(
        suffix=phase.named(""),
        of=f" of phase `{phase.name}`" if phase.name else "",
        params=params,
        loss=loss if scale is None else f"scale_loss({loss}, {scale!r})",
        arguments=arguments,
        updated=updated,
    )


EVALUATE: Final = '''\
@jax.jit
def eval_step(state, batch, mask):
    """What a batch adds to the sums; nothing is learned."""
    return evaluate(state["params"], state["stats"], batch, mask)


@jax.jit
def eval_steps(state, data, rows, mask):
    """What K batches add to the sums, as `train_steps` gathers them."""

    def gather_and_add(_, chosen):
        rows, mask = chosen
        batch = {name: field[rows] for name, field in data.items()}
        return None, evaluate(state["params"], state["stats"], batch, mask)

    _, sums = jax.lax.scan(gather_and_add, None, (rows, mask))
    return jax.tree.map(lambda each: each.sum(axis=0), sums)'''

PREDICT: Final = '''\
@jax.jit
def predict(state, batch):
    """The outputs by name for a batch of inputs by name."""
    return outputs(state["params"], state["stats"], batch)'''
