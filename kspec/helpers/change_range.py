"""Ranges of values."""


def change_range(x, source, target):
    """Move values from one range to another, as 0 to 255 to 0 to 1."""
    if tuple(source) == tuple(target):
        return x
    share = (x - source[0]) / (source[1] - source[0])
    return share * (target[1] - target[0]) + target[0]
