"""Steps of matrices that stretch no direction more than another."""

import jax
import jax.numpy as jnp
import optax


def orthogonalize_updates(rounds, a, b, c, rms=None):
    """Bring the singular values of each matrix near 1 by rounds of Newton and Schulz.

    With `rms`, the root mean square of an update of full rank is about that. Source:
    Jordan et al., Muon, 2024; Liu et al., Muon is Scalable for LLM Training, 2025.
    """

    def improve(_, x):
        square = x @ x.T
        return a * x + (b * square + c * square @ square) @ x

    def orthogonalize(update):
        tall = update.shape[0] > update.shape[1]
        x = update.T if tall else update
        x = x / (jnp.linalg.norm(x) + 1e-7)
        x = jax.lax.fori_loop(0, rounds, improve, x)
        scale = 1.0 if rms is None else rms * max(update.shape) ** 0.5
        return scale * (x.T if tall else x)

    return optax.stateless(lambda updates, params: jax.tree.map(orthogonalize, updates))
