"""A tensor as a matrix."""


def rows_of(x):
    """The vectors of the last axis, one below the other.

    On CPUs a product of two matrices is faster than one that contracts several axes.
    """
    return x.reshape(-1, x.shape[-1])
