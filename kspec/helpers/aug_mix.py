"""Mixtures of images with random changes of them."""

import jax
import jax.numpy as jnp

from kspec.helpers.random_operation import random_operation


def aug_mix_draw(key, count, num_chains, alpha):
    """How much each example keeps of itself, [count], and the chains' shares.

    Gammas over their sum are Dirichlet's distribution, and of two of them Beta's. All
    come from one draw, as each takes long to compile.
    """

    def draw(key):
        return jax.random.loggamma(key, alpha, (num_chains + 2,))

    logs = jax.vmap(draw)(jax.random.split(key, count))
    return jax.nn.softmax(logs[:, :2])[:, 0], jax.nn.softmax(logs[:, 2:])


def aug_mix(
    x,
    key,
    value_range=(0, 255),
    num_chains=3,
    chain_depth=3,
    factor=(0.0, 0.3),
    alpha=1.0,
    all_ops=True,
    interpolation="bilinear",
):
    """Mix each image with what chains of random operations make of it.

    Source: Hendrycks et al., AugMix, 2020.
    """
    draw_key, key = jax.random.split(key)
    kept, shares = aug_mix_draw(draw_key, x.shape[0], num_chains, alpha)
    choices = (0, 12 if all_ops else 8)

    def step(y, key):
        y = random_operation(y, key, choices, factor, value_range, interpolation)
        return y, None

    def chain(total, given):
        keys, share = given
        y, _ = jax.lax.scan(step, x, keys)
        return total + share[:, None, None, None] * y, None

    keys = jax.random.split(key, (num_chains, chain_depth))
    mixed, _ = jax.lax.scan(chain, jnp.zeros_like(x), (keys, shares.T))
    kept = kept[:, None, None, None]
    return jnp.clip(kept * x + (1 - kept) * mixed, *value_range)
