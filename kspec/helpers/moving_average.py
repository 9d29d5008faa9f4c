"""Statistics that follow the batches."""

import jax


def moving_average(old, new, momentum):
    """`old * momentum + new * (1 - momentum)`; no gradient flows through it."""
    return jax.lax.stop_gradient(old * momentum + new * (1 - momentum))
