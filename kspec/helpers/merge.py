"""Two parts of one tree, put together again."""


def merge(one, other):
    """The nested dict of two that have no leaf in common."""
    both = {name: merge(one[name], other[name]) for name in one if name in other}
    return {**one, **other, **both}
