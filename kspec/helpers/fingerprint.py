"""A hash of bytes that is the same everywhere and always."""

from __future__ import annotations

WORD = 2**64 - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def fingerprint(text):
    """FarmHash's Fingerprint64 of a text in UTF-8, as fast hash buckets have it."""
    data = str(text).encode()
    size = len(data)
    if size > 64:
        return fingerprint_of_long(data)
    factor = K2 + 2 * size & WORD
    if size >= 33:
        return fingerprint_of_middle(data, factor)
    if size >= 17:
        a, b = fetch(data, 0) * K1, fetch(data, 8)
        c, d = fetch(data, size - 8) * factor, fetch(data, size - 16) * K2
        return mix_words(
            rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + K2, 18) + c, factor
        )
    if size >= 8:
        a, b = fetch(data, 0) + K2, fetch(data, size - 8)
        return mix_words(
            rotate(b, 37) * factor + a, (rotate(a, 25) + b) * factor, factor
        )
    if size >= 4:
        a, b = fetch(data, 0, 4), fetch(data, size - 4, 4)
        return mix_words(size + (a << 3), b, factor)
    if size:
        y = data[0] + (data[size >> 1] << 8)
        z = size + (data[-1] << 2)
        return fold_word(y * K2 ^ z * K0) * K2 & WORD
    return K2


def fingerprint_of_middle(data, factor):
    """That of 33 to 64 bytes."""
    size = len(data)
    a, b = fetch(data, 0) * K2, fetch(data, 8)
    c, d = fetch(data, size - 8) * factor, fetch(data, size - 16) * K2
    y = rotate(a + b, 43) + rotate(c, 30) + d & WORD
    z = mix_words(y, a + rotate(b + K2, 18) + c, factor)
    e, f = fetch(data, 16) * factor, fetch(data, 24)
    g = (y + fetch(data, size - 32)) * factor
    h = (z + fetch(data, size - 24)) * factor
    return mix_words(
        rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, factor
    )


def fingerprint_of_long(data):
    """That of more than 64 bytes."""
    last = len(data) - 1
    x, y = 81 * K2 + fetch(data, 0) & WORD, 81 * K1 + 113 & WORD
    z = fold_word(y * K2 + 113) * K2 & WORD
    v, w = (0, 0), (0, 0)
    for at in range(0, last // 64 * 64, 64):
        x, y, z, v, w = stir(data, at, x, y, z, v, w, K1, 1)
    factor = K1 + ((z & 0xFF) << 1) & WORD
    w = (w[0] + (last & 63) & WORD, w[1])
    v = (v[0] + w[0] & WORD, v[1])
    w = (w[0] + v[0] & WORD, w[1])
    x, y, z, v, w = stir(data, last - 63, x, y, z, v, w, factor, 9)
    first = mix_words(v[0], w[0], factor) + fold_word(y) * K0 + z
    return mix_words(first, mix_words(v[1], w[1], factor) + x, factor)


def stir(data, at, x, y, z, v, w, factor, times):
    """The state after 64 more bytes."""
    x = rotate(x + y + v[0] + fetch(data, at + 8), 37) * factor & WORD
    y = rotate(y + v[1] + fetch(data, at + 48), 42) * factor & WORD
    x ^= w[1] * times & WORD
    y = y + v[0] * times + fetch(data, at + 40) & WORD
    z = rotate(z + w[0], 33) * factor & WORD
    v = stir_half(data, at, v[1] * factor, x + w[0])
    w = stir_half(data, at + 32, z + w[1], y + fetch(data, at + 16))
    return z, y, x, v, w


def stir_half(data, at, a, b):
    """Two words from 32 bytes."""
    a = a + fetch(data, at)
    b = rotate(b + a + fetch(data, at + 24), 21)
    c = a
    a = a + fetch(data, at + 8) + fetch(data, at + 16)
    b = b + rotate(a, 44)
    return a + fetch(data, at + 24) & WORD, b + c & WORD


def fetch(data, at, size=8):
    """The number that some bytes are."""
    return int.from_bytes(data[at : at + size], "little")


def rotate(word, bits):
    """A word's bits, turned to the right."""
    word &= WORD
    return (word >> bits | word << 64 - bits) & WORD


def fold_word(word):
    """A word with its upper bits mixed into the lower."""
    word &= WORD
    return word ^ word >> 47


def mix_words(u, v, factor):
    """Two words as one."""
    a = fold_word((u ^ v) * factor)
    return fold_word((v ^ a) * factor) * factor & WORD
