"""Maximum over as many windows as are wanted."""

import jax
import jax.numpy as jnp


def adaptive_max_pool(x, axis, places):
    """The largest elements of windows that share an axis among so many places.

    Place i takes the elements from floor(i * length / places) up to, without it,
    ceil((i + 1) * length / places), so that neighbors may overlap.
    """
    length = x.shape[axis]
    starts = [i * length // places for i in range(places)]
    ends = [-(-(i + 1) * length // places) for i in range(places)]
    narrow = min(end - start for start, end in zip(starts, ends, strict=True))
    wide = max(end - start for start, end in zip(starts, ends, strict=True))

    def slide(width):
        window = [width if each == axis else 1 for each in range(x.ndim)]
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        least = -jnp.inf if floating else int(jnp.iinfo(x.dtype).min)
        strides = [1] * x.ndim
        return jax.lax.reduce_window(x, least, jax.lax.max, window, strides, "VALID")

    # Widths differ by 1 at most: windows of both stand behind one another.
    pooled = slide(narrow)
    if wide > narrow:
        pooled = jnp.concatenate([pooled, slide(wide)], axis)
    offset = length - narrow + 1
    index = [
        start if end - start == narrow else start + offset
        for start, end in zip(starts, ends, strict=True)
    ]
    return jnp.take(pooled, jnp.array(index), axis)
