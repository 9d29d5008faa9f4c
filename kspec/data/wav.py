"""WAV files of numbers that are not packed.

Source: Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kspec.data.base import Array

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FORMATS: Final = {
    _PCM: (8, 16, 24, 32),
    _FLOAT: (32, 64),
}


class BadSound(ValueError):
    """A file is no sound, or none that is read."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A WAV file.

    Attributes:
        rate: Samples of a channel in a second.
        channels: How many channels there are.
        code: 1 for whole numbers, 3 for floats.
        bits: Of a number.
        data: The bytes of the numbers, channel by channel in each sample.
    """

    rate: int
    channels: int
    code: int
    bits: int
    data: memoryview

    @property
    def frames(self) -> int:
        """How many samples each channel has."""
        return len(self.data) // (self.channels * self.bits // 8)

    def samples(self) -> Array:
        """f32[frames, channels], whole numbers in [-1, 1]."""
        import numpy as np

        shape = (self.frames, self.channels)
        if self.code == _FLOAT:
            return np.frombuffer(self.data, f"<f{self.bits // 8}").astype(np.float32).reshape(shape)
        if self.bits == 8:  # the only ones that are not signed
            return (np.frombuffer(self.data, "u1").reshape(shape) - np.float32(128)) / 128
        if self.bits == 24:
            bytes_ = np.frombuffer(self.data, "u1").reshape(-1, 3)
            wide = np.pad(bytes_, ((0, 0), (1, 0))).view("<i4")
            return (wide / np.float64(2**31)).astype(np.float32).reshape(shape)
        whole = np.frombuffer(self.data, f"<i{self.bits // 8}")
        return (whole / np.float64(2 ** (self.bits - 1))).astype(np.float32).reshape(shape)


def read_wave(content: bytes) -> Wave:
    """What a file holds.

    Raises:
        BadSound: It is damaged, or of another kind than is read.
    """
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise BadSound("it does not start as a WAV file does")
    found: dict[bytes, memoryview] = {}
    at = 12
    while at + 8 <= len(content) and b"data" not in found:
        name, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if at + size > len(content):
            left = len(content) - at
            words = "".join(chr(byte) for byte in name if 32 < byte < 127)
            raise BadSound(f"its part `{words}` promises {size:,} bytes, and {left:,} follow")
        found.setdefault(name, memoryview(content)[at : at + size])
        at += size + size % 2  # parts start at even places
    if b"fmt " not in found or b"data" not in found:
        raise BadSound("its header is cut off, or has no sound behind it")
    return _wave(found[b"fmt "], found[b"data"])


def _wave(head: memoryview, data: memoryview) -> Wave:
    if len(head) < 16:
        raise BadSound("its header is cut off")
    code, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", head)
    if code == _EXTENSIBLE and len(head) >= 26:
        (code,) = struct.unpack_from("<H", head, 24)
    if bits not in _FORMATS.get(code, ()):
        raise BadSound(f"it is packed (format {code}, {bits} bits), and that is not read")
    if not channels or not rate or block != channels * bits // 8:
        raise BadSound("its header contradicts itself")
    if len(data) % block:
        raise BadSound("its last sample is cut off")
    return Wave(rate, channels, code, bits, data)
