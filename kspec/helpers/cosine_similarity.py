"""The cosine of the angle between vectors."""

import jax
import jax.numpy as jnp


def cosine_similarity(truth, predicted, axis):
    """`sum(truth * predicted)` along an axis after both are made 1 long.

    What is shorter than 1e-7 is multiplied by 1e7 only, so that its gradient is finite.
    """

    def unit(x):
        square = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
        return x * jax.lax.rsqrt(jnp.maximum(square, 1e-14))

    return jnp.sum(unit(truth) * unit(predicted), axis=axis)
