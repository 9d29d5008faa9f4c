"""Batch renormalization."""

import jax
import jax.numpy as jnp


def renorm_corrections(
    mean, variance, moving_mean, moving_stddev, epsilon, rmin=None, rmax=None, dmax=None
):
    """The factor and the shift that bring a batch's moments to the moving ones.

    Source: Ioffe, Batch Renormalization, 2017.
    """
    stddev = jnp.maximum(moving_stddev, jnp.sqrt(epsilon))
    factor = jnp.clip(jnp.sqrt(variance + epsilon) / stddev, rmin, rmax)
    shift = (mean - moving_mean) / stddev
    if dmax is not None:
        shift = jnp.clip(shift, -dmax, dmax)
    return jax.lax.stop_gradient((factor, shift))
