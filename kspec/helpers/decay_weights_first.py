"""Weight decay before a rule that must not see it, or that looks at the weights."""

import jax
import jax.numpy as jnp
import optax


def decay_weights_first(rule, rate, weight_decay, mask=None):
    """Let weights decay by `rate * weight_decay`, and then `rule` move what is left."""
    decay = optax.chain(
        optax.add_decayed_weights(weight_decay, mask),
        optax.scale_by_learning_rate(rate),
    )

    def init(params):
        return decay.init(params), rule.init(params)

    def update(grads, state, params):
        still = jax.tree.map(jnp.zeros_like, params)
        decayed, decay_state = decay.update(still, state[0], params)
        left = optax.apply_updates(params, decayed)
        moved, rule_state = rule.update(grads, state[1], left)
        return jax.tree.map(jnp.add, decayed, moved), (decay_state, rule_state)

    return optax.GradientTransformation(init, update)
