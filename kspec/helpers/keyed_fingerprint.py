"""A hash of bytes with a key, for which nobody can find texts that meet."""

from __future__ import annotations

WORD = 2**64 - 1


def keyed_fingerprint(text, key):
    """SipHash-2-4 of a text in UTF-8. Source: Aumasson and Bernstein, 2012."""
    data = str(text).encode()
    state = (
        key[0] ^ 0x736F6D6570736575,
        key[1] ^ 0x646F72616E646F6D,
        key[0] ^ 0x6C7967656E657261,
        key[1] ^ 0x7465646279746573,
    )
    whole = len(data) // 8 * 8
    blocks = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    blocks += [int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56]
    for block in blocks:
        a, b, c, d = state
        a, b, c, d = sip_round(*sip_round(a, b, c, d ^ block))
        state = (a ^ block, b, c, d)
    a, b, c, d = state
    state = (a, b, c ^ 0xFF, d)
    for _ in range(4):
        state = sip_round(*state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def sip_round(a, b, c, d):
    """One round on the four words of the state."""
    a = a + b & WORD
    b = turn(b, 13) ^ a
    a = turn(a, 32)
    c = c + d & WORD
    d = turn(d, 16) ^ c
    a = a + d & WORD
    d = turn(d, 21) ^ a
    c = c + b & WORD
    b = turn(b, 17) ^ c
    return a, b, turn(c, 32), d


def turn(word, bits):
    """A word's bits, turned to the left."""
    return (word << bits | word >> 64 - bits) & WORD
