"""A rate that falls along a cosine and jumps back."""

import jax.numpy as jnp


def cosine_restarts(first, steps, longer, higher, alpha=0.0):
    """Waves from `first` to `alpha * first`, each `longer` and `higher` by factors.

    The lengths before a wave are a geometric sum, which gives the wave's number.
    """

    def rate(count):
        waited = count / steps
        if longer == 1:
            wave = jnp.floor(waited)
            done = waited - wave
        else:
            wave = jnp.floor(jnp.log(1 - waited * (1 - longer)) / jnp.log(longer))
            begun = (1 - longer**wave) / (1 - longer)
            done = (waited - begun) / longer**wave
        falling = (1 + jnp.cos(jnp.pi * done)) / 2
        return first * ((1 - alpha) * higher**wave * falling + alpha)

    return rate
