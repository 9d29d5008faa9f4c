"""Labels of 0 and 1 as labels of -1 and 1."""

import jax.numpy as jnp


def signs_of_bits(truth, weight):
    """-1 and 1 for a truth of 0 and 1; any other truth as it is.

    truth: [B, ...], weight: [B]; examples of weight 0 do not decide which it is.
    """
    unseen = weight.reshape(-1, *[1] * (truth.ndim - 1)) == 0
    bits = jnp.all((truth == 0) | (truth == 1) | unseen)
    return jnp.where(bits, 2 * truth - 1, truth)
