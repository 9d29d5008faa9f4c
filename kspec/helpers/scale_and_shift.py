"""Numbers times a scale plus a shift, as first weights are made of drawn ones."""

import jax


@jax.jit
def scale_and_shift(drawn, scale, shift):
    """`shift + scale * drawn`, which has the same bits op by op and inside a program.

    XLA may add and multiply in one rounding, or join the scale with factors before.
    """
    return shift + scale * jax.lax.optimization_barrier(drawn)
