"""A gradient that is taken of the parts of a batch, one after the other."""

import jax
import jax.numpy as jnp


def accumulated(gradient, count):
    """`gradient` of a whole batch, in memory for a `count`-th of it.

    gradient: `value_and_grad` of a function of (params, ..., stats, batch, mask, key)
    that gives (loss, (sums, stats)). Part i has the examples i, i + count, ... of the
    batch, and counts by the weight of its examples in the loss, so that the mean is
    that of all examples; batch statistics are those of each part.
    """

    def parts(each):
        shape = (each.shape[0] // count, count, *each.shape[1:])
        return jnp.moveaxis(each.reshape(shape), 1, 0)

    def whole(params, *rest):
        *frozen, stats, batch, mask, key = rest

        def add(carry, part):
            stats, grads, total = carry
            number, batch, mask = part
            inputs = (*frozen, stats, batch, mask, jax.random.fold_in(key, number))
            (_, (sums, changed)), more = gradient(params, *inputs)
            weight = sums["loss"]["count"]
            grads = jax.tree.map(lambda all, one: all + weight * one, grads, more)
            there = mask.sum() > 0  # what only fills the batch up changes nothing
            stats = jax.tree.map(
                lambda old, new: jnp.where(there, new, old), stats, changed
            )
            return (stats, grads, total + weight), sums

        start = (stats, jax.tree.map(jnp.zeros_like, params), jnp.float32(0))
        each = (jnp.arange(count), jax.tree.map(parts, batch), parts(mask))
        (stats, grads, total), sums = jax.lax.scan(add, start, each)
        scale = jnp.where(total == 0, 0.0, 1 / jnp.where(total == 0, 1.0, total))
        grads = jax.tree.map(lambda each: scale * each, grads)
        sums = jax.tree.map(lambda each: each.sum(axis=0), sums)
        return (sums["loss"]["total"] * scale, (sums, stats)), grads

    return whole
