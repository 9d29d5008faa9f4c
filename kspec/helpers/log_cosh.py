"""The logarithm of the hyperbolic cosine."""

import jax
import jax.numpy as jnp


def log_cosh(error):
    """`log(cosh(error))`, which does not overflow."""
    return error + jax.nn.softplus(-2 * error) - jnp.log(2.0)
