"""Leave images only some bits of each value."""

import jax
import jax.numpy as jnp

from kspec.helpers.change_range import change_range


def random_posterization_draw(key, count, factor):
    """The bits that each example loses: it keeps from factor[0] to below factor[1]."""
    low, high = factor
    keys = jax.random.split(key, count)
    kept = jax.vmap(lambda k: jax.random.randint(k, (), low, max(high, low + 1)))(keys)
    return 8 - kept


def random_posterization_apply(x, lost, value_range):
    """Set the last bits of each value to 0."""
    bits = change_range(x, value_range, (0, 255)).astype(jnp.uint8)
    lost = lost.astype(jnp.uint8)[:, None, None, None]
    return change_range((bits >> lost << lost).astype(x.dtype), (0, 255), value_range)


def random_posterization(x, key, factor, value_range=(0, 255)):
    """Leave each image a number of bits of its own."""
    lost = random_posterization_draw(key, x.shape[0], factor)
    return random_posterization_apply(x, lost, value_range)
