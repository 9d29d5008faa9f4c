"""Images at places between their pixels."""

import jax
import jax.numpy as jnp


def place_inside(place, size, fill_mode):
    """Places on an axis of pixels 0 to size - 1, those outside taken inside.

    nearest: aaaa|abcd|dddd, reflect: dcba|abcd|dcba, mirror: dcb|abcd|cba,
    wrap: abcd|abcd|abcd, constant: one step outside is far enough.
    """
    if fill_mode == "wrap":
        return jnp.mod(place, size)
    if fill_mode == "constant":
        return jnp.clip(place, -1, size)
    if fill_mode == "reflect":
        place = size - 0.5 - jnp.abs(jnp.mod(place + 0.5, 2 * size) - size)
    if fill_mode == "mirror":
        turn = max(size - 1, 1)
        place = turn - jnp.abs(jnp.mod(place, 2 * turn) - turn)
    return jnp.clip(place, 0, size - 1)


def resample(x, rows, columns, interpolation, fill_mode, fill_value):
    """Take images [B, H, W, C] at rows and columns [B, h, w]: [B, h, w, C].

    `interpolation` is "bilinear" or "nearest".
    """
    if interpolation == "nearest":
        rows, columns = jax.lax.round(rows), jax.lax.round(columns)
    batch, height, width, channels = x.shape
    rows = place_inside(rows, height, fill_mode)
    columns = place_inside(columns, width, fill_mode)
    # One more row and column, which the last ones blend into; a constant all around.
    before = int(fill_mode == "constant")
    pads = ((0, 0), (before, 1), (before, 1), (0, 0))
    mode = fill_mode if fill_mode in ("constant", "wrap") else "edge"
    values = {"constant_values": fill_value} if mode == "constant" else {}
    x = jnp.pad(x, pads, mode=mode, **values)
    top = jnp.clip(jnp.floor(rows), -before, height - 1)
    left = jnp.clip(jnp.floor(columns), -before, width - 1)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    # Gathers of pixels from one flat axis are what XLA does fastest on CPU and GPU.
    pixels = x.reshape(-1, channels)
    stride = x.shape[2]
    first = jnp.arange(batch)[:, None, None] * x.shape[1] + top.astype(int) + before
    first = first * stride + left.astype(int) + before
    if interpolation == "nearest":
        first = first + (rows > top) * stride + (columns > left)
        return pixels.at[first].get(mode="clip")
    a, b, c, d = (
        pixels.at[first + step].get(mode="clip") for step in (0, 1, stride, stride + 1)
    )
    above, below = a + right * (b - a), c + right * (d - c)
    return above + down * (below - above)
