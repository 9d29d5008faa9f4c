"""Variance scaling for vectors, which JAX leaves out."""

import jax
import jax.numpy as jnp


def scaled_vector(key, shape, scale, distribution, dtype):
    """A vector with variance `scale / size`; both fans of a vector are its size."""
    variance = scale / max(1, shape[0] if shape else 1)
    if distribution == "uniform":
        limit = jnp.sqrt(3 * variance)
        return jax.random.uniform(key, shape, dtype, -limit, limit)
    if distribution == "normal":
        return jnp.sqrt(variance) * jax.random.normal(key, shape, dtype)
    # The deviation of a standard normal cut off at two deviations.
    deviation = jnp.sqrt(variance) / 0.87962566103423978
    return deviation * jax.random.truncated_normal(key, -2, 2, shape, dtype)
