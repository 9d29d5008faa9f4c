"""Averages in the weights' places."""

import jax
import jax.numpy as jnp


def overwrite_weights(params, averages):
    """`params`, with copies of `averages` where there are any."""
    found = {str(path): leaf for path, leaf in jax.tree.leaves_with_path(averages)}

    def choose(path, leaf):
        return jnp.copy(found[str(path)]) if str(path) in found else leaf

    return jax.tree.map_with_path(choose, params)
