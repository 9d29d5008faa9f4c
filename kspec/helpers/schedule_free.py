"""Schedule-free training: the weights are between a moving point and its mean."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class ScheduleFreeState(NamedTuple):
    """The moving point, the states of what moves it, and the number of updates."""

    count: jax.Array
    point: optax.Params
    rule: optax.OptState
    decay: optax.OptState


def schedule_free(rule, beta_1, decay=None):
    """Let `rule` move a point; the weights follow between it and the mean of its path.

    The point starts where the weights are at the first update. The mean is no state:
    it is found again from the point and the weights, which `decay` has made smaller.
    Source: Defazio et al., The Road Less Scheduled, 2024.
    """
    decay = optax.set_to_zero() if decay is None else decay

    def init(params):
        # A copy: a step uses up its state, which must not hold an array twice.
        point = jax.tree.map(jnp.copy, params)
        states = rule.init(params), decay.init(params)
        return ScheduleFreeState(jnp.zeros((), jnp.int32), point, *states)

    def update(grads, state, params):
        old = jax.tree.map(
            lambda w, z: jnp.where(state.count == 0, w, z), params, state.point
        )
        moves, rule_state = rule.update(grads, state.rule, params)
        new = optax.apply_updates(old, moves)
        still = jax.tree.map(jnp.zeros_like, params)
        decayed, decay_state = decay.update(still, state.decay, params)
        count = state.count + 1

        def follow(w, d, old, new):
            mean = (w + d - (1 - beta_1) * old) / beta_1
            mean = (1 - 1 / count) * mean + new / count
            return (1 - beta_1) * new + beta_1 * mean - w

        updates = jax.tree.map(follow, params, decayed, old, new)
        return updates, ScheduleFreeState(count, new, rule_state, decay_state)

    return optax.GradientTransformation(init, update)
