"""Histograms of a truth of yes and no."""

import jax.numpy as jnp


def binary_histograms(bucket, truth, weight, bins, by_label=False):
    """The weights of the true and of the false ones in each bucket.

    bucket, truth: [B, ...], weight broadcasts to them; results: [bins], or
    [bins, labels] for each label of the last axis.
    """
    labels = truth.shape[-1] if by_label else 1
    place = bucket.reshape(-1, labels) * labels + jnp.arange(labels)
    shape = (bins, labels) if by_label else (bins,)

    def histogram(chosen):
        weights = jnp.where(chosen, weight, 0).ravel()
        counts = jnp.bincount(place.ravel(), weights=weights, length=bins * labels)
        return counts.reshape(shape)

    return histogram(truth != 0), histogram(truth == 0)
