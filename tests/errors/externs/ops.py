"""Functions for specs with mistakes."""

import jax


def swish(x, *, slope=1.0):
    """One operand."""
    return x * jax.nn.sigmoid(slope * x)


def leaky(x, slope):
    """Two of them."""
    return jax.nn.leaky_relu(x, slope)


class Layers:
    """What cannot be taken."""

    def hidden(self):
        """It is inside of something."""


def twice(x):
    """Its name means something else in the end."""
    return x + x


twice = leaky  # noqa: F811
