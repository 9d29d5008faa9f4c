"""A loss of class numbers, one of which does not count."""

import jax.numpy as jnp


def without_class(loss, ignored, label, predicted):
    """`loss(label, predicted)`, and 0 where the label is the ignored class."""
    kept = label != ignored
    label = jnp.where(kept, label, 0)
    predicted = jnp.where(kept[..., None], predicted, 1)  # finite there
    return jnp.where(kept, loss(label, predicted), 0)
