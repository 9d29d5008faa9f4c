"""A rate that falls along a power, again and again."""

import jax.numpy as jnp


def cyclic_polynomial_decay(first, last, power, steps):
    """A schedule whose way down grows by `steps` whenever its end is reached."""

    def rate(count):
        way = steps * jnp.maximum(jnp.ceil(count / steps), 1)
        return last + (first - last) * (1 - count / way) ** power

    return rate
