"""Several random operations, one after the other."""

import jax

from kspec.helpers.random_operation import random_operation


def rand_augment(
    x,
    key,
    value_range=(0, 255),
    num_ops=2,
    factor=(0.0, 0.5),
    interpolation="bilinear",
):
    """Apply `num_ops` operations, chosen for the batch, by amounts of each image's own.

    Source: Cubuk et al., RandAugment, 2019.
    """

    def step(x, key):
        y = random_operation(x, key, (1, 12), factor, value_range, interpolation)
        return y, None

    return jax.lax.scan(step, x, jax.random.split(key, num_ops))[0]
