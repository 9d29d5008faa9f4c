"""The state of an optimizer, from one phase to the next."""

import jax


def carry(old, new):
    """`new`, with the leaves of `old` that have the same path and shape there."""
    kept = {str(path): leaf for path, leaf in jax.tree.leaves_with_path(old)}

    def choose(path, leaf):
        before = kept.get(str(path))
        same = before is not None and before.shape == leaf.shape
        return before if same else leaf

    return jax.tree.map_with_path(choose, new)
