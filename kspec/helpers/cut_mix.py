"""Images with a rectangle of another."""

import jax
import jax.numpy as jnp

from kspec.helpers.inside_boxes import inside_boxes
from kspec.helpers.partners import blend, partners
from kspec.helpers.uniform_each import uniform_each


def cut_mix_draw(key, mask, factor):
    """The partner of each example, and its rectangle's size and place, in parts."""
    partner_key, weight_key, key = jax.random.split(key, 3)
    count = mask.shape[0]
    alpha, *places = uniform_each(key, count, factor, (0, 1), (0, 1))
    keys = jax.random.split(weight_key, count)
    weight = jax.vmap(jax.random.beta)(keys, alpha + 1e-6, alpha + 1e-6)
    places = jnp.stack(places, axis=1)
    return partners(partner_key, mask), jnp.sqrt(1 - weight), places


def cut_mix_apply(x, label, partner, size, places):
    """Copy rectangles of the partners, and mix the labels by their areas."""
    sizes = jnp.stack([size, size], axis=1)
    inside, covered = inside_boxes(x, sizes, places)
    return jnp.where(inside, x[partner], x), blend(label, partner, 1 - covered)


def cut_mix(x, label, mask, key, factor=(0.0, 1.0)):
    """Put a rectangle of another image into each; `mask` is 1 for real examples.

    Source: Yun et al., CutMix, 2019.
    """
    return cut_mix_apply(x, label, *cut_mix_draw(key, mask, factor))
