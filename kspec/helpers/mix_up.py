"""Mixtures of two examples."""

import jax

from kspec.helpers.partners import blend, partners


def mix_up_draw(key, mask, alpha):
    """The partner of each example, and how much the example keeps of itself."""
    partner_key, weight_key = jax.random.split(key)
    keys = jax.random.split(weight_key, mask.shape[0])
    weight = jax.vmap(lambda k: jax.random.beta(k, alpha, alpha))(keys)
    return partners(partner_key, mask), weight


def mix_up_apply(x, label, partner, weight):
    """Mix images and labels with those of their partners."""
    return blend(x, partner, weight), blend(label, partner, weight)


def mix_up(x, label, mask, key, alpha=0.2):
    """Mix each example with another; `mask` is 1 for real examples.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.
    """
    return mix_up_apply(x, label, *mix_up_draw(key, mask, alpha))
