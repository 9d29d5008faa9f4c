"""Images as PNG files inside a page. Source: the PNG specification, third edition, W3C 2025."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
COLORS: Final = {1: 0, 3: 2, 4: 6}  # the color type by channels: grey, RGB, RGBA


def data_url(pixels: NDArray[np.uint8]) -> str:
    """Pixels `[height, width, channels]` as the address of an image."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels `[height, width, channels]` as a PNG file."""
    height, width, channels = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, COLORS[channels], 0, 0, 0)
    rows = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))  # each begins with its filter
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def smaller(images: NDArray[Any], most: int) -> NDArray[Any]:
    """Images `[N, height, width, ...]` of at most so many places a side, by means of squares."""
    size = -(-max(images.shape[1:3]) // most)
    if size == 1:
        return images
    height, width = (side // size * size for side in images.shape[1:3])
    cut = images[:, :height, :width].astype(np.float32)
    shape = (len(cut), height // size, size, width // size, size, *cut.shape[3:])
    return cut.reshape(shape).mean(axis=(2, 4))


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Images `[N, height, width, channels]` from black, their least number, to white."""
    numbers = np.nan_to_num(images.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    return np.rint((numbers - low) * (255 / ((high - low) or 1.0))).astype(np.uint8)
