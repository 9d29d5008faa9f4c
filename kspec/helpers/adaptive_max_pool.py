"""Maximum over as many windows as are wanted."""

import jax
import jax.numpy as jnp


def adaptive_max_pool(x, size):
    """Largest elements of windows that share each axis.

    x: [B, *spatial, C], result: [B, *size, C].
    Place i of n takes the elements from floor(i * length / n) up to, without it,
    ceil((i + 1) * length / n), so that neighbors may overlap.
    """

    def slide(values, axis, width):
        window = [1] * values.ndim
        window[axis] = width
        floating = jnp.issubdtype(values.dtype, jnp.floating)
        least = -jnp.inf if floating else int(jnp.iinfo(values.dtype).min)
        return jax.lax.reduce_window(
            values, least, jax.lax.max, window, [1] * values.ndim, "VALID"
        )

    for axis, places in enumerate(size, start=1):
        length = x.shape[axis]
        starts = [i * length // places for i in range(places)]
        ends = [-(-(i + 1) * length // places) for i in range(places)]
        widths = [end - start for start, end in zip(starts, ends, strict=True)]
        narrow = min(widths)
        pooled, offset = slide(x, axis, narrow), length - narrow + 1
        if max(widths) > narrow:  # they differ by 1 at most
            pooled = jnp.concatenate([pooled, slide(x, axis, narrow + 1)], axis)
        index = [s + offset * (w > narrow) for s, w in zip(starts, widths, strict=True)]
        x = jnp.take(pooled, jnp.array(index), axis)
    return x
