"""The parts of a generated file that no model changes: state, steps, and the scan.

Written here as they appear in the file. `tests/test_run.py` runs them.
"""

from __future__ import annotations

from typing import Final

STATE: Final = """\
    return {
        "params": params,
        "stats": stats,
        "optimizer": optimizer.init(params),
        "step": jnp.int32(0),
        "key": steps_key,
    }"""

INFERENCE_STATE: Final = """\
    return {"params": params, "stats": stats}"""

TRAIN: Final = '''\
def step(state, batch, mask):
    """One update; random ops draw from a key that only the step's number changes."""
    key = jax.random.fold_in(state["key"], state["step"])
    gradient = jax.value_and_grad(train, has_aux=True)
    (_, (sums, stats)), grads = gradient(
        state["params"], state["stats"], batch, mask, key
    )
    updates, moments = optimizer.update(grads, state["optimizer"], state["params"])
    state = {
        "params": optax.apply_updates(state["params"], updates),
        "stats": stats,
        "optimizer": moments,
        "step": state["step"] + 1,
        "key": state["key"],
    }
    return state, sums


@partial(jax.jit, donate_argnums=0)
def train_step(state, batch, mask):
    """One update. `batch` maps fields to arrays, `mask` is f32[B]; `state` is used up."""
    return step(state, batch, mask)


@partial(jax.jit, donate_argnums=0)
def train_steps(state, data, rows, mask):
    """K updates in one dispatch, each on the rows of `data` that it gathers.

    `data` maps fields to all their examples, `rows` is i32[K,B], `mask` f32[K,B].
    """

    def gather_and_step(state, chosen):
        rows, mask = chosen
        return step(state, {name: field[rows] for name, field in data.items()}, mask)

    state, sums = jax.lax.scan(gather_and_step, state, (rows, mask))
    return state, jax.tree.map(lambda each: each.sum(axis=0), sums)'''

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
