"""The parts of a generated file that no model changes: state, steps, and the scan.

Written here as they appear in the file. `tests/test_run.py` runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import Final

from kspec.codegen.layout import assign
from kspec.ir import Phase

STATE: Final = Template(
    """\
    return {
        "params": params,
        "stats": stats,
        "optimizer": $optimizer.init($learned),$rates
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
    $gradient
    (_, (sums, stats)), grads = gradient($arguments)
    $rule.update(grads, state["optimizer"], params)
    state = {
        "params": $updated,
        "stats": stats,
        "optimizer": moments,$rates
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


@dataclass(frozen=True, slots=True)
class Rates:
    """Where the learning rates of a phase are.

    Attributes:
        kept: Whether the program's state has rates.
        used: Whether those are the rates of this phase.
    """

    kept: bool = False
    used: bool = False


def updates(
    phase: Phase, splits: bool, limits: bool, scale: float | None, accumulate: int, rates: Rates
) -> str:
    """The update of a phase, alone and K in a dispatch.

    Args:
        phase: The phase; its functions end in its name.
        splits: Whether some weights are frozen, so that `split` tells them from the others.
        limits: Whether `constrain` brings some weights back after the update.
        scale: What the loss is multiplied with before its gradients are taken.
        accumulate: Batches of an update.
        rates: Where its learning rates are.
    """
    rule = f"updates, moments = {phase.named('optimizer')}"
    if rates.used:
        lines = f'rule = {phase.named("optimizer")}(state["rates"])'
        rule = f"{lines}\n    updates, moments = rule"
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
    loss = loss if scale is None else f"scale_loss({loss}, {scale!r})"
    gradient = f"jax.value_and_grad({loss}, has_aux=True)"
    if accumulate > 1:
        gradient = f"accumulated({gradient}, {accumulate})"
    return _STEP.substitute(
        suffix=phase.named(""),
        of=f" of phase `{phase.name}`" if phase.name else "",
        params=params,
        gradient="\n".join(assign("gradient", gradient, 1)).lstrip(),
        arguments=arguments,
        rule=rule,
        rates='\n        "rates": state["rates"],' if rates.kept else "",
        updated=updated,
    )


_EVALUATE: Final = Template(
    '''\
@jax.jit
def $step(state, batch, mask):
    """What a batch adds to the sums; nothing is learned."""
    return $evaluate(state["params"], state["stats"], batch, mask)


@jax.jit
def $steps(state, data, rows, mask):
    """What K batches add to the sums, as `train_steps` gathers them."""

    def gather_and_add(_, chosen):
        rows, mask = chosen
        batch = {name: field[rows] for name, field in data.items()}
        return None, $evaluate(state["params"], state["stats"], batch, mask)

    _, sums = jax.lax.scan(gather_and_add, None, (rows, mask))
    return jax.tree.map(lambda each: each.sum(axis=0), sums)'''
)


def evaluation(
    evaluate: str = "evaluate", step: str = "eval_step", steps: str = "eval_steps"
) -> str:
    """What calls `evaluate`, for one batch and for K in a dispatch."""
    return _EVALUATE.substitute(evaluate=evaluate, step=step, steps=steps)


_TRUNK: Final = Template(
    '''\
@jax.jit
def $step(state, batch):
    """What the frozen part of the model makes of a batch: the same in every epoch."""
    return $trunk(state["params"], state["stats"], batch)'''
)


def trunk_step(trunk: str, step: str) -> str:
    """What calls the trunk of a phase."""
    return _TRUNK.substitute(trunk=trunk, step=step)


PREDICT: Final = '''\
@jax.jit
def predict(state, batch):
    """The outputs by name for a batch of inputs by name."""
    return outputs(state["params"], state["stats"], batch)'''
