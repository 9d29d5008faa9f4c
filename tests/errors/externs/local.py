"""A function of a file that needs another one."""

import jax.numpy as jnp
from ops import swish


def soft(x):
    """It would not stand alone."""
    return swish(jnp.abs(x))
