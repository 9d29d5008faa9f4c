"""The share of a variance that is explained."""

import jax.numpy as jnp


def r2_scores(total, squared_total, residual, count):
    """1 - residual / spread for each output, and the spread.

    The spread is the sum of (truth - mean) ** 2; where it is 0, so is the score.
    """
    spread = squared_total - total * total / count
    score = 1 - residual / spread
    return jnp.where(jnp.isinf(score), 0, score), spread
