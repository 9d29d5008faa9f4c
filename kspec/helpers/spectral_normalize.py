"""Spectral normalization."""

import jax
import jax.numpy as jnp


def spectral_normalize(kernel, vector, iterations=1):
    """The kernel divided by its largest singular value, and the vector that found it.

    kernel: [..., n], seen as a matrix of n columns; vector: [1, n], where the power
    iterations start. A kernel of zeros stays. Source: Miyato et al., Spectral
    Normalization for Generative Adversarial Networks, 2018.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    fixed = jax.lax.stop_gradient(matrix)

    def unit(x):
        return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x)), 1e-14))

    def step(_, pair):
        left = unit(pair[1] @ fixed.T)
        return left, unit(left @ fixed)

    start = (jnp.zeros((1, len(matrix)), matrix.dtype), vector)
    left, right = jax.lax.fori_loop(0, iterations, step, start)
    zero = jnp.all(kernel == 0)
    sigma = jnp.where(zero, 1.0, (left @ matrix @ right.T)[0, 0])
    return kernel / sigma, jnp.where(zero, vector, right)
